"""Files of Discord API messages, as Discrub and bots write them."""
