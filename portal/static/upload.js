// Files are sent one after the other, so that what arrived stays when the page is left or a file is refused.
const drop = document.querySelector("#drop");
const input = document.querySelector("#files");
const list = document.querySelector("#sending");
const token = document.querySelector("input[name=csrf_token]").value;

async function send(file) {
  const row = document.createElement("li");
  const bar = document.createElement("progress");
  bar.max = 1; bar.value = 0;
  row.append(file.name, bar);
  list.append(row);
  await new Promise((done) => {
    const request = new XMLHttpRequest();
    request.open("POST", drop.dataset.url);
    request.setRequestHeader("X-CSRFToken", token);
    request.setRequestHeader("Accept", "application/json");
    request.upload.onprogress = (event) => { bar.value = event.loaded / event.total; };
    request.onload = () => {
      if (request.status === 200) { bar.value = 1; row.append("　已收入"); } else {
        let said = "没有收入，请重试。";
        try { said = JSON.parse(request.responseText).refused.join("；") || said; } catch { /* not our answer */ }
        row.append("　" + said); row.classList.add("late");
      }
      done();
    };
    request.onerror = () => { row.append("　连接中断，没有收入，请重试。"); row.classList.add("late"); done(); };
    const form = new FormData();
    form.append("files", file, file.name);
    request.send(form);
  });
}
async function sendAll(files) {
  let refused = false;
  for (const file of files) await send(file);
  refused = list.querySelector(".late") !== null;
  if (!refused) window.location.reload();
  else document.querySelector("#refresh").hidden = false;
}
input.addEventListener("change", () => sendAll([...input.files]));
for (const name of ["dragenter", "dragover"]) drop.addEventListener(name, (event) => { event.preventDefault(); drop.classList.add("over"); });
for (const name of ["dragleave", "drop"]) drop.addEventListener(name, (event) => { event.preventDefault(); drop.classList.remove("over"); });
drop.addEventListener("drop", (event) => sendAll([...event.dataTransfer.files]));
