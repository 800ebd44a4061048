"""The commands of `lineament`, one file each; core.cli joins them."""
