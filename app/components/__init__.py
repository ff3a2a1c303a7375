"""Components that draw in the page itself: figures, canvas, tree, storage, copy button."""
