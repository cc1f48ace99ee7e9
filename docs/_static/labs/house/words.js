// What every lab says.  In a Chinese book words_zh_CN.js puts its own in their place.

export const SHARED = {
  broken: (names) => `A part of the link could not be read and was left out: ${names}.`,
  choose: "choose …", link: "Copy link", copy: "Copy", copied: "Copied", copyByHand: "Select and copy by hand",
};
