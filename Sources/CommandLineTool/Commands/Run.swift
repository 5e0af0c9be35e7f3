import ArgumentParser
import Ingot

struct Run: ParsableCommand {
  static let configuration = CommandConfiguration.verb(
    commandName: "run",
    abstract: "Computes the forward pass and prints the most probable next tokens.",
    discussion: """
      For encoders, prints the text embedding or the scores of a classifier head instead. The computation is in float32 and gives the same bits on every \
      machine.

      EXAMPLES:
        # The ten most probable next tokens.
        ingot run model --text "The capital of France is"
        # Perplexity on a text.
        ingot run model.gguf --perplexity text.txt
      """)

  @Argument(help: "Model folder, safetensors or GGUF file, shard, or index.", completion: .file())
  var path: String

  @OptionGroup var input: TokenOptions

  @Option(
    help: ArgumentHelp(
      "Decoder input of an encoder–decoder; --tokens, --text or --file is the encoder input.",
      valueName: "ids"))
  var decoderTokens: TokenList?

  @Option(parsing: .unconditional, help: ArgumentHelp("Number of tokens to print.", valueName: "count"))
  var top = 10

  @Option(parsing: .unconditional, help: ArgumentHelp("Continue greedily by this many tokens.", valueName: "count"))
  var generate: Int?

  @Option(
    help: ArgumentHelp(
      "Memory for decoded weights during --generate; those that do not fit are read for each token (default: 4G).",
      valueName: "size"))
  var memory: SizeArgument?

  @Option(
    help: ArgumentHelp("Write float32 logits [position, vocabulary] as .npy.", valueName: "file"), completion: .file())
  var logits: String?

  @Option(
    help: ArgumentHelp(
      "Write hidden states as .npy, float32 [layer + 1, position, width]: embeddings, then after each layer, the last "
        + "after the final norm. For encoder–decoders: the decoder's.", valueName: "file"), completion: .file())
  var hidden: String?

  @Option(
    help: ArgumentHelp("Like --hidden, for the encoder of an encoder–decoder.", valueName: "file"), completion: .file())
  var encoderHidden: String?

  @Option(
    help: ArgumentHelp(
      "Measure perplexity on this file: chunks of --context tokens, second half scored.",
      valueName: "file"), completion: .file())
  var perplexity: String?

  @Flag(help: "Replace existing files.")
  var overwrite = false

  @OptionGroup var adapters: AdapterOptions
  @OptionGroup var options: ModelOptions
  @OptionGroup var report: ReportOptions

  func validate() throws {
    guard input.isGiven || perplexity != nil else {
      throw ValidationError("expected one of --tokens, --text, --file and --perplexity")
    }
    guard top >= 0 else { throw ValidationError("--top is \(top), expected 0 or more") }
    if let generate, generate < 1 { throw ValidationError("--generate is \(generate), expected 1 or more") }
  }

  func run() throws {
    let model = try options.open(path, with: adapters)
    try AtomicFile.requireWritable(
      [logits, hidden, encoderHidden].compactMap { $0 }, overwrite: policy, apartFrom: model.checkpoint.storedFiles)
    let weights = try ModelWeights(model)
    let text = try input.givenText()
    let measured = try perplexity.map { try measurePerplexity(on: $0, model, weights) }
    var result = RunReport(path: path, perplexity: measured)
    if input.isGiven {
      let tokenizer = text == nil ? try? model.tokenizer() : try model.tokenizer()
      let tokens = text.flatMap { tokenizer?.encode($0) } ?? input.tokens?.ids ?? []
      switch weights.hyperparameters.features.output {
      case .logits: result.next = try predict(tokens, tokenizer, weights)
      case .embedding: result.embedding = try embed(tokens, weights)
      case .scores: result.scores = try score(tokens, weights)
      }
    }
    try report.print(json: { result.json }, text: { result.text })
  }

  private var policy: OverwritePolicy { overwrite ? .replace : .refuse }

  /// The text embedding of an encoder, which has no logits.
  private func embed(_ tokens: [Int], _ weights: ModelWeights) throws -> TextEmbedding {
    guard logits == nil, generate == nil else { throw InferenceError.hasNo(output: "logits") }
    var pass = try ForwardPass(weights, tokens: tokens, decoderTokens: decoderTokens?.ids, threads: report.threadCount)
    try step(&pass)
    return TextEmbedding(tokens: tokens, values: try pass.embedding())
  }

  /// The scores of an encoder with a classifier head, with the names of its labels where they are known.
  private func score(_ tokens: [Int], _ weights: ModelWeights) throws -> TextScores {
    guard logits == nil, generate == nil else { throw InferenceError.hasNo(output: "logits") }
    var pass = try ForwardPass(weights, tokens: tokens, decoderTokens: decoderTokens?.ids, threads: report.threadCount)
    try step(&pass)
    let labels = weights.model.hyperparameters.texts("output_labels") ?? []
    return TextScores(tokens: tokens, labels: labels, values: try pass.scores())
  }

  private func predict(_ tokens: [Int], _ tokenizer: Tokenizer?, _ weights: ModelWeights) throws -> NextTokens {
    let start = weights.hyperparameters.decoder.map { [$0.startToken] }
    let decoderInput = start.map { $0 + (decoderTokens?.ids ?? []) } ?? decoderTokens?.ids
    var pass: ForwardPass
    if let generate {
      pass = try ForwardPass(
        KeptWeights(weights, byteLimit: memory?.byteCount ?? KeptWeights.usualByteLimit), tokens: tokens,
        decoderTokens: decoderInput,
        capacity: weights.hyperparameters.canExtend ? tokens.count + generate : nil, threads: report.threadCount)
    } else {
      pass = try ForwardPass(weights, tokens: tokens, decoderTokens: decoderInput, threads: report.threadCount)
    }
    try step(&pass)
    let count = pass.tokens.count
    let last = try logits.map { try writeLogits(of: pass, to: $0) } ?? pass.logits(positions: count - 1..<count)
    let continuation = try generate.map { count in
      let progress = ProgressLine(total: count, unit: "tokens", isQuiet: report.quiet)
      defer { progress.finish() }
      return try GreedyContinuation(of: pass, by: count, endTokens: tokenizer?.vocabulary.endTokens ?? []) { _ in
        progress.advance(1)
      }
    }
    return NextTokens(
      tokens: tokens, decoderTokens: decoderInput, ranking: TokenRanking(last[row: last.rowCount - 1], count: top),
      continuation: continuation, tokenizer: tokenizer)
  }

  /// Runs all layers, and writes the hidden states if they are wanted.
  private func step(_ pass: inout ForwardPass) throws {
    if encoderHidden != nil, pass.state.stack != .encoder {
      throw InferenceError.hasNo(output: "encoder before a decoder")
    }
    repeat {
      try step(&pass, writingTo: pass.state.stack == .encoder ? encoderHidden : hidden)
    } while try pass.advanceToDecoder()
  }

  /// Runs the layers of one stack.
  private func step(_ pass: inout ForwardPass, writingTo path: String?) throws {
    let layerCount = pass.hyperparameters.layerCount
    let file = try path.map {
      try NumPyOutput(
        $0, shape: [layerCount + 1, pass.tokens.count, pass.hyperparameters.embeddingLength], overwrite: policy)
    }
    try file?.append(pass.activeHidden.values[...])
    for layer in 0..<layerCount {
      try pass.step(layer: layer)
      try file?.append((layer == layerCount - 1 ? pass.normalizedHidden() : pass.activeHidden).values[...])
    }
    try file?.commit()
  }

  /// Writes the logits of all positions, and returns those of the last one.
  private func writeLogits(of pass: ForwardPass, to path: String) throws -> Matrix {
    let count = pass.tokens.count
    let file = try NumPyOutput(path, shape: [count, pass.hyperparameters.vocabularySize], overwrite: policy)
    var last = Matrix(rowCount: 0, columnCount: pass.hyperparameters.vocabularySize)
    for start in stride(from: 0, to: count, by: NumPyOutput.positionsAtATime) {
      let logits = try pass.logits(positions: start..<min(count, start + NumPyOutput.positionsAtATime))
      try file.append(logits.values[...])
      last = logits.rows(logits.rowCount - 1..<logits.rowCount)
    }
    try file.commit()
    return last
  }

  private func measurePerplexity(on file: String, _ model: Model, _ weights: ModelWeights) throws -> Perplexity {
    let tokenizer = try model.tokenizer()
    let ids = try tokenizer.encode(TokenOptions.read(file))
    let chunks = TokenChunks(
      asLlamaPerplexity: ids, length: input.chunkLength, start: tokenizer.startToken(of: ids))
    let progress = ProgressLine(total: chunks.chunks.count, unit: "chunks", isQuiet: report.quiet)
    defer { progress.finish() }
    let perplexity = try Perplexity.measure(weights, on: chunks, threads: report.threadCount) { progress.advance($0) }
    guard let perplexity else {
      if !chunks.chunks.isEmpty { throw LocatedError(path: file, reason: NothingPredicted(chunks)) }
      throw TextTooShort(path: file, tokenCount: ids.count, chunkLength: input.chunkLength)
    }
    return perplexity
  }
}

/// A text is shorter than one chunk.
struct TextTooShort: IngotError {
  let path: String
  let tokenCount: Int
  let chunkLength: Int
  var category: ErrorCategory { .input }
  var description: String {
    "\(path.escapedForDisplay): has \(counted(tokenCount, "token")), expected at least one chunk of "
      + "\(chunkLength.grouped) (pass a smaller --context)"
  }
}
