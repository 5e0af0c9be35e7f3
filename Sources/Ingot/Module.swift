// Ingot
