"""Landmark and mask schemes: names, order, contours, mirror pairs, colours, maps between them."""
