// The words of words.js in Chinese.  Only the pages of a Chinese book have this module in their script.

import "../house/words_zh_CN.js";
import { WORDS } from "./words.js";

const node = (n) => (n ? `第${n}层` : "图像");

Object.assign(WORDS, {
  title: "层的堆叠",
  preset: "选一个堆叠", weights: "权重", ones: "全为1：梯度就是路径数", random: "由种子产生的随机数",
  presets: {
    threes: "三个3×3", seven: "一个7×7", dilations: "膨胀率1、2、4", lenet: "LeNet", residual: "残差块", inception: "Inception块",
    stem: "ResNet-18的主干入口", updown: "先下采样再上采样",
  },
  kinds: { conv: "卷积", max: "最大汇聚", avg: "平均汇聚", up: "转置卷积" },
  size: "图像的行数和列数", row: "输出的行", column: "输出的列", again: "换一组随机权重", code: "用torch写出同样的网络",
  inputs: "图像的通道数", node, plus: (n) => `加上${node(n)}`, beside: (n) => `与${node(n)}拼接`,
  add: "添加一层", remove: (n) => `删除第${n}层`,
  fields: {
    kind: (n) => `第${n}层的种类`, k: (n) => `第${n}层的卷积核大小`, s: (n) => `第${n}层的步幅`, p: (n) => `第${n}层的填充`, d: (n) => `第${n}层的膨胀率`,
    o: (n) => `第${n}层的通道数`, from: (n) => `第${n}层的输入`, join: (n) => `与第${n}层合并的输入`, relu: (n) => `第${n}层之后用ReLU`,
  },
  heads: ["", "层", "卷积核", "步幅", "填充", "膨胀率", "通道", "输入", "合并", "ReLU"],
  results: ["", "输出", "通道", "跳距", "感受野", "参数", "乘加", "Σ|梯度|", "最大值"],
  all: "合计",
  image: "图像", map: (n, rows) => `${n ? `第${n}层` : "图像"}，${rows}×${rows}`,
  strength: (sum, most) => `Σ|g| ${sum}，最大值${most}`,
  none: "没有路径", label: (map, strength) => `${map}：${strength}`,
  dead: "每条路径都经过一个值为0的ReLU：哪里都没有梯度。",
  says: (at, rows, field, touched, share, strong) =>
    `${rows}×${rows}的输出中，位置(${at})可以依赖图像上${field}×${field}个位置；其中${touched}个在图像内，权重也不为0。${share}%的影响集中在${strong}个位置上。`,
  at: (i, j, value) => `图像第${i}行第${j}列：权重${value}。`,
  table: "图像各像素的权重数值",
  stand: "一张图代表所有通道。暖色表示梯度大于0，冷色表示小于0。",
  widePadding: (place, half) => `第${place}层：汇聚的填充最多是窗口的一半，即${half}。`,
  noFit: (place, formula, out) => `第${place}层放不下：它的输出将有${formula} = ${out}行。`,
  tooLarge: (place, formula, out, most) => `第${place}层将有${formula} = ${out}行；本页最多画${most}行。`,
  otherSize: (place, rows, other, from) => `第${place}层要把${rows}×${rows}与${node(from)}的${other}×${other}合并：两者大小必须相同。`,
  otherChannels: (place, other, from, own) => `第${place}层要把${node(from)}的${other}个通道加到${own}个通道上：两者通道数必须相同。`,
});
