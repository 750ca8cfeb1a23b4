// Azurite that ends with the process that started it, however that ends.
process.stdin.on("end", () => process.exit(0)).resume();
require("azurite/dist/src/azurite.js");
