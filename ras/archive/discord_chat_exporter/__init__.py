"""DiscordChatExporter's formats: JSON, CSV and HTML, of versions 2.18 to 2.47."""
