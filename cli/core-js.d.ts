declare module 'core-js/actual/index.js';
