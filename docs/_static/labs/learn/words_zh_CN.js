// The words of words.js in Chinese.  Only the pages of a Chinese book have this module in their script.

import "../house/words_zh_CN.js";
import { WORDS } from "./words.js";

Object.assign(WORDS, {
  title: "学习一个卷积核",
  preset: "选一次运行",
  presets: {
    A: "运行A，10步", B: "运行B，10步", E: "运行E，100步", best: "最佳学习率1/36", edge: "恰好取临界学习率1/30",
    beyond: "超过临界学习率，0.034", bias: "加上偏置，学习率0.03", mean: "损失取均值，学习率0.03", momentum: "最佳动量", ones: "全为1的图像", batches: "小批量和噪声",
  },
  run: "运行", pause: "暂停", step: "走一步", reset: "重新开始",
  bowl: "损失随两个权重的变化", atBias: (bias) => `损失随两个权重的变化，偏置取最佳值${bias}`, losses: "每一步之前的损失", directions: "损失曲面的方向", picture: "图像和输出", kernel: "卷积核",
  bowlLabel: "损失随第一个和第二个权重变化的等高线，以及损失曲面的方向和这次运行的路径",
  lossLabel: "损失随步数的变化：线是预测，点是实际运行",
  first: "第一个权重", second: "第二个权重", steps: "步", loss: "损失",
  predicted: "预测", ran: "实际运行", noted: "笔记里打印的损失",
  handle: (a, b) => `运行的起点，位于${a}、${b}；可用方向键移动`,
  lr: "学习率", momentum: "动量", batch: "批量", noise: "噪声", length: "步数",
  exactly: (name) => `${name}的数值`,
  all: (count) => `全部${count}个像素`, some: (count) => `${count}个像素`, bias: "偏置", mean: "用均值代替总和", draw: "重新抽取噪声和批量",
  best: (rate) => `最佳${rate}`, critical: (rate) => `临界${rate}`,
  eigenvalue: "λ", direction: "方向", factor: "每步的因子",
  rows: { target: "目标", start: "起点", now: (step) => `${step}步之后` }, columns: ["w₁", "w₂", "偏置"],
  entry: (row, column) => `${row}，${column}`,
  notANumber: (text, most) => `“${text}”不是−${most}到${most}之间的数，仍用原来的数。`,
  notARate: (text) => `“${text}”不是大于0、不超过100的学习率，仍用原来的数。`,
  image: "图像X", wanted: "要学的输出", now: "当前的输出",
  pixel: (row, column) => `第${row}行第${column}列为亮`,
  at: (step, steps, loss, predicted) => `第${step}步，共${steps}步：损失${loss}，预测${predicted}。`,
  ended: "下一步的损失不再是有限的数，运行到此为止。",
  nothing: "没有亮的像素：学不到任何东西，走多少步卷积核都不变。",
  above: (rate, bound, critical, lambda, factor) => `发散。学习率${rate}大于临界学习率${bound} = ${critical}：每走一步，沿λ = ${lambda}方向的误差就乘以${factor}。`,
  on: (rate, bound, lambda) => `恰好是临界学习率${bound}：每走一步，沿λ = ${lambda}方向的误差变号，大小不变。`,
  below: (rate, bound, critical, factors) => `收敛。学习率${rate}小于临界学习率${bound} = ${critical}。${factors}`,
  factors: (parts, momentum) => `${momentum ? "长期来看，" : ""}每走一步，${parts.map(([lambda, factor]) => `沿λ = ${lambda}方向的误差乘以${factor}`).join("，")}。`,
  open: (vector) => `沿${vector}方向，图像没有给出任何信息：那里的误差永远不变。`,
  average: "这里的临界学习率和预测线是按平均批量算的；单个批量可能更陡。",
  floor: (loss) => `有了这样的噪声，任何卷积核的损失都不会低于${loss}。`,
});
