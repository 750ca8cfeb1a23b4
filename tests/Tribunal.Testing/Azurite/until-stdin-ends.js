// Azurite that ends with the process that started it, however that ends, and keeps what it holds on disk.
process.stdin.on("end", () => process.kill(process.pid, "SIGTERM")).resume();
require("azurite/dist/src/azurite.js");
