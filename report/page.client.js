// Links the timeline to the charts: where the pointer or the focus is, the charts show the moment.
const charts = [...document.querySelectorAll('figure[data-from]')].map((figure) => {
  const cursor = document.createElement('div');
  cursor.className = 'cursor';
  cursor.hidden = true;
  figure.append(cursor);
  return { figure, cursor };
});

const fractionOf = (figure, name) => {
  const size = window.matchMedia('(max-width: 640px)').matches ? 'narrow' : 'wide';
  return Number(figure.dataset[`${size}${name}`]);
};

const show = (at) => {
  for (const { figure, cursor } of charts) {
    const { from, until } = figure.dataset;
    const part = (at - Number(from)) / (Number(until) - Number(from));
    const left = fractionOf(figure, 'Left');
    cursor.hidden = !(part >= 0 && part <= 1);
    cursor.style.left = `${100 * (left + part * (1 - left - fractionOf(figure, 'Right')))}%`;
  }
};

for (const line of document.querySelectorAll('.timeline > li')) {
  const at = Number(line.dataset.at);
  line.addEventListener('pointerenter', () => show(at));
  line.addEventListener('focusin', () => show(at));
}

// A moment of a chart that is pointed at marks the lines of the timeline next to it.
const lines = [...document.querySelectorAll('.timeline > li')];
for (const { figure } of charts) {
  figure.addEventListener('pointermove', (event) => {
    const { left, width } = figure.getBoundingClientRect();
    const inner = fractionOf(figure, 'Left');
    const part = ((event.clientX - left) / width - inner) / (1 - inner - fractionOf(figure, 'Right'));
    const { from, until } = figure.dataset;
    const at = Number(from) + part * (Number(until) - Number(from));
    show(at);
    for (const line of lines) line.classList.toggle('near', Math.abs(Number(line.dataset.at) - at) < 90_000);
  });
}
