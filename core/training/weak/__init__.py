"""Dense landmarks from sparse annotation, in three stages ([Yan20] 5.5)."""
