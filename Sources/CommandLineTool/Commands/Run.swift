import ArgumentParser
import Ingot

struct Run: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Runs the forward pass of a model and prints the likeliest next tokens.",
    discussion: "Computed in float32, a layer at a time; the same input gives the same bits on every machine.")

  @Argument(help: "The model.")
  var path: String

  @OptionGroup var input: TokenOptions

  @Option(help: ArgumentHelp("How many tokens to print.", valueName: "count"))
  var top = 10

  @Option(help: ArgumentHelp("Write float32 logits [position, vocabulary] as .npy.", valueName: "file"))
  var logits: String?

  @Option(
    help: ArgumentHelp(
      "Write the residual stream as .npy, float32 [layer + 1, position, width]: the embeddings, then what each layer "
        + "leaves, the last after the final norm.", valueName: "file"))
  var hidden: String?

  @Flag(help: "Replace files that exist.")
  var overwrite = false

  @OptionGroup var options: ModelOptions
  @OptionGroup var report: ReportOptions

  func validate() throws {
    guard (input.tokens == nil) != (input.text == nil) else {
      throw ValidationError("expected either --tokens or --text")
    }
    guard top >= 0 else { throw ValidationError("--top is \(top), expected 0 or more") }
  }

  func run() throws {
    for path in [logits, hidden].compactMap({ $0 }) { try AtomicFile.requireFree(path, overwrite: policy) }
    let model = try options.open(path)
    let tokens = try input.tokens(for: model)
    var pass = try ForwardPass(try ModelWeights(model), tokens: tokens, threads: report.threadCount)
    try step(&pass)
    if let logits { try writeLogits(of: pass, to: logits) }
    let last = try pass.logits(positions: tokens.count - 1..<tokens.count)
    let result = NextTokens(
      path: path, tokens: tokens, ranking: TokenRanking(last[row: 0], count: top),
      tokenizer: input.text == nil ? try? model.tokenizer() : try model.tokenizer())
    try report.print(json: { result.json }, text: { result.text })
  }

  private var policy: OverwritePolicy { overwrite ? .replace : .refuse }

  /// Takes the pass through all layers, and its residual stream to a file on the way if one is wanted.
  private func step(_ pass: inout ForwardPass) throws {
    guard let hidden else { return try pass.run() }
    let layerCount = pass.hyperparameters.layerCount
    let file = try NumPyOutput(
      hidden, shape: [layerCount + 1, pass.tokens.count, pass.hyperparameters.embeddingLength], overwrite: policy)
    try file.append(pass.hidden.values[...])
    for layer in 0..<layerCount {
      try pass.step(layer: layer)
      try file.append((layer == layerCount - 1 ? pass.normalizedHidden() : pass.hidden).values[...])
    }
    try file.commit()
  }

  private func writeLogits(of pass: ForwardPass, to path: String) throws {
    let count = pass.tokens.count
    let file = try NumPyOutput(path, shape: [count, pass.hyperparameters.vocabularySize], overwrite: policy)
    for start in stride(from: 0, to: count, by: NumPyOutput.positionsAtATime) {
      try file.append(pass.logits(positions: start..<min(count, start + NumPyOutput.positionsAtATime)).values[...])
    }
    try file.commit()
  }
}
