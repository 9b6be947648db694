/** An error that osls prints as it is: it would print the stack of any other. */
module.exports = (message) => Object.assign(new Error(message), { stack: message });
