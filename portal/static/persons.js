// One more row for a person.
document.querySelector("#more-persons").addEventListener("click", () => {
  const rows = document.querySelectorAll(".person");
  const copy = rows[rows.length - 1].cloneNode(true);
  for (const field of copy.querySelectorAll("input")) field.value = "";
  rows[rows.length - 1].after(copy);
  copy.querySelector("input").focus();
});
