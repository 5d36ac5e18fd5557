"""On X11, files that are dragged out reach the other program as it expects them.

tkdnd answers through Tk's selections, and Tk sends a type that it does not know as numbers: a list of files arrives as
zeros. Under a type that Tk knows, GTK's programs don't see it as a list of files (petasis/tkdnd#66). Here it is sent as
what it is, in bytes, by the command that tkdnd has for colours.
"""

from __future__ import annotations

import tkinter as tk

_REPLACED = """
namespace eval ::tkdnd::xdnd {
    if {[info commands _SendData_by_tk] eq ""} {
        rename _SendData _SendData_by_tk
        rename _process_drag_events _process_drag_events_of_tkdnd
    }
    variable _files_asked_for {}
    variable _answers_unfinished 0

    # Hears of a request just before Tk answers it; not of those of this program to itself, which Tk does answer well.
    proc _process_drag_events {event} {
        variable _files_asked_for
        if {[dict get $event type] eq "SelectionRequest"} {
            set is_files [expr {[dict get $event selection] eq "XdndSelection"
                && [dict get $event target] eq "text/uri-list"}]
            set _files_asked_for [expr {$is_files ? $event : {}}]
        }
        return [_process_drag_events_of_tkdnd $event]
    }

    proc _SendData {type args} {
        variable _files_asked_for
        variable _answers_unfinished
        variable _dodragdrop_types
        variable _dodragdrop_data
        variable _dodragdrop_drag_source
        if {$type ne "text/uri-list" || $_files_asked_for eq ""} {
            tailcall _SendData_by_tk $type {*}$args
        }
        set event $_files_asked_for
        set _files_asked_for {}
        set files [lindex $_dodragdrop_data [lsearch -exact $_dodragdrop_types $type]]
        set list "[join $files \\r\\n]\\r\\n"
        XChangeProperty $_dodragdrop_drag_source [dict get $event requestor] [dict get $event property] $type 8 \
            [dict get $event time] $list [string length $list]
        # Tk, told that there is nothing for it to send, says so to the other program, which would take it for the
        # answer to the next thing that it asks for: let that wait until the drag is over.
        if {$_answers_unfinished < MOST} {
            incr _answers_unfinished
            vwait ::tkdnd::xdnd::_dragging
            incr _answers_unfinished -1
        }
        return -code break
    }
}
"""
"""What is offered is a list of ``file://`` URLs in ASCII: its length is its number of bytes."""
_MOST_UNFINISHED = 40
"""Each is a loop within a loop; some programs ask again whenever the mouse moves."""


def send_files_as_bytes(root: tk.Misc) -> None:
    """Once for the interpreter; a second time does no harm. Raises TclError where tkdnd is another one."""
    root.tk.eval(_REPLACED.replace("MOST", str(_MOST_UNFINISHED)))


def is_dragging(root: tk.Misc) -> bool:
    """Whether a drag is still under way: the other program may take its time."""
    return bool(int(root.tk.eval("set ::tkdnd::xdnd::_dragging")))


def is_button_down(root: tk.Misc) -> bool:
    """Whether the mouse still holds what it has pressed. If not, tkdnd would wait for a release that has been already,
    and what is dragged would stick to the mouse.
    """
    return "1" in root.tk.splitlist(root.tk.eval("::tkdnd::xdnd::GetPressedKeys ."))
