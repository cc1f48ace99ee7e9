// The words of words.js in Chinese.  Only the pages of a Chinese book have this module in their script.

import { SHARED } from "./words.js";

Object.assign(SHARED, {
  broken: (names) => `链接中有一部分无法读取，已略去：${names}。`,
  choose: "请选择……", link: "复制链接", copy: "复制", copied: "已复制", copyByHand: "请手动选中并复制",
});
