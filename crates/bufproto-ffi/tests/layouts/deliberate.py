"""Where the library and an interpreter differ on purpose, each with the reason. The list is short, and what is not in it
fails."""

import sys

NATIVE = sys.version_info[0] == 2


def reason(what, comparison, ours, theirs):
    """Why this answer may differ, or None if it may not."""
    if what in ["copy in in order %s" % order for order in "CFA"] and comparison.shares():
        # That it is one of them is compared item by item.
        return "which of the items that share a place will be there"
    if NATIVE and (comparison.length == 0 or 1 in comparison.made.shape):
        if what.startswith("contiguous in order") and (ours, theirs) == (1, 0):
            return "Python 2 wants the strides of dimensions of one item, and of none, to be those of contiguous memory"
        if what in ("copy out in order A", "copy in in order A") and comparison.is_fortran[0] != comparison.is_fortran[1]:
            return "Python 2 does not see that memory is in Fortran's order, as above"
    return None


def crash(what, comparison):
    """Why the interpreter cannot be asked this, or None if it can."""
    if comparison.item_size == 0 and (NATIVE or what == "copy in" and comparison.suboffsets):
        return "%s divides by an item size of 0" % ("a copy" if NATIVE else "PyBuffer_FromContiguous with suboffsets")
    return None
