// A server of the real program for a measurement: started on a free port, ended with the process that measures.
import { spawn } from "node:child_process";

/* {child, url}: url holds the printed token. */
export async function serving(program, dir) {
    const child = spawn(program, ["serve", "--port", "0"], { cwd: dir, stdio: ["ignore", "pipe", "ignore"] });
    process.prependListener("exit", () => child.kill("SIGKILL")); // before its folder goes
    const url = await new Promise((resolve, reject) => {
        let out = "";
        child.on("exit", () => reject(new Error("serve ended")));
        child.stdout.on("data", (d) => {
            out += d;
            const found = out.match(/http:\/\/\S+/);
            if (found) resolve(new URL(found[0]));
        });
    });
    return { child, url };
}
