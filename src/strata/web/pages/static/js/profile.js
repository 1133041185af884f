// The profile form: a card that follows what is typed, and the part of a picture that is kept.
const STEP = 0.02; // of the picture's shorter side
const FAR = 0.1; // the same, with Shift
const WIDEST = 320; // pixels of the view
const NUMBERS = ["left", "top", "size"];
const PHONE = "(max-width: 760px)"; // where the part is chosen on the whole screen

followFields(document.querySelector("[data-preview]"));
startCropping(document.querySelector("[data-crop]"), document.querySelector("[data-preview] .avatar"));

function followFields(card) {
  for (const place of card?.querySelectorAll("[data-preview-of]") ?? []) {
    const input = document.getElementById(`strata-${place.dataset.previewOf}`);
    input?.addEventListener("input", () => (place.textContent = input.value));
  }
}

function startCropping(box, face) {
  const chooser = document.getElementById("strata-picture");
  if (!box || !chooser || !window.createImageBitmap) return;
  const view = box.querySelector("canvas");
  const inputs = NUMBERS.map((name) => document.getElementById(`strata-crop_${name}`));
  const card = document.createElement("canvas"); // takes the place of the picture in the preview
  Object.assign(card, { className: "avatar", width: 128, height: 128 });
  let picture = null;

  box.querySelector("[data-crop-done]").addEventListener("click", () => box.close());
  chooser.addEventListener("change", async () => {
    box.close();
    for (const input of inputs) input.value = "";
    try {
      picture = await createImageBitmap(chooser.files[0], { imageOrientation: "from-image" });
    } catch {
      return; // the server says what is wrong with it
    }
    const size = Math.min(picture.width, picture.height);
    put((picture.width - size) / 2, (picture.height - size) / 2, size);
    face?.replaceWith(card);
    if (matchMedia(PHONE).matches) box.showModal();
    else box.show();
    view.focus();
  });
  for (const input of inputs) input.addEventListener("change", typed);
  view.addEventListener("keydown", (event) => {
    const step = Math.max(1, Math.min(picture.width, picture.height) * (event.shiftKey ? FAR : STEP));
    const moves = {
      ArrowLeft: [-step, 0, 0], ArrowRight: [step, 0, 0], ArrowUp: [0, -step, 0], ArrowDown: [0, step, 0],
      "+": [0, 0, step], "=": [0, 0, step], "-": [0, 0, -step],
    };
    if (!(event.key in moves) || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    move(...moves[event.key]);
  });
  view.addEventListener("pointermove", (event) => {
    if (event.buttons !== 1) return;
    const scale = picture.width / view.clientWidth;
    move(event.movementX * scale, event.movementY * scale, 0);
  });

  function chosen() {
    return inputs.map((input) => Number(input.value));
  }

  // Who empties the size wants all that there is, not one pixel.
  function typed() {
    const [left, top, size] = chosen();
    put(left, top, inputs[2].value === "" ? picture.width : size);
  }

  function move(right, down, more) {
    const [left, top, size] = chosen();
    put(left + right, top + down, size + more);
  }

  // Keeps the square within the picture, as the server does.
  function put(left, top, size) {
    const side = Math.round(clamp(size, 1, Math.min(picture.width, picture.height)));
    const places = [clamp(left, 0, picture.width - side), clamp(top, 0, picture.height - side), side];
    places.forEach((place, i) => (inputs[i].value = Math.round(place)));
    draw();
  }

  function draw() {
    const scale = Math.min(1, WIDEST / picture.width, WIDEST / picture.height);
    view.width = Math.max(1, Math.round(picture.width * scale));
    view.height = Math.max(1, Math.round(picture.height * scale));
    const brush = view.getContext("2d");
    brush.drawImage(picture, 0, 0, view.width, view.height);
    brush.fillStyle = "rgb(0 0 0 / 55%)";
    brush.fillRect(0, 0, view.width, view.height);
    const [left, top, side] = chosen();
    brush.drawImage(picture, left, top, side, side, left * scale, top * scale, side * scale, side * scale);
    card.getContext("2d").drawImage(picture, left, top, side, side, 0, 0, card.width, card.height);
  }
}

function clamp(value, least, most) {
  return Math.min(Math.max(Number.isFinite(value) ? value : least, least), most);
}
