import Ingot

/// Describes a checkpoint without reading its data.
func describe(_ path: String) throws -> String {
  let checkpoint = try Checkpoint.open(path)
  let largest = checkpoint.tensors.max { $0.byteCount < $1.byteCount }
  return "\(checkpoint.container.rawValue): \(counted(checkpoint.tensors.count, "tensor")), "
    + "\(checkpoint.tensorByteCount.byteSize), the largest is \(largest?.name.text.quoted ?? "none")"
}

/// Returns one row of a tensor as float32, in Hugging Face's layout.
func queryRow(_ row: Int, layer: Int, of path: String) throws -> [Float] {
  let model = try Model.open(path, library: .bundled())
  var values: [Float] = []
  try ModelWeights(model).readRows(.attentionQuery, layer: layer, rows: row..<row + 1, into: &values)
  return values
}

/// Converts to a GGUF in Q8_0, and returns the receipt.
func convert(_ source: String, to destination: String) throws -> Receipt {
  let model = try Model.open(source, library: .bundled())
  var request = ConversionRequest(destination: destination)
  request.type = .format(.q8_0)
  // Finds every problem before anything is written.
  let plan = try Planner.plan(model, request)
  for message in plan.messages where message.severity == .warning { print("warning: \(message.message)") }
  let outcomes = try Executor.run(plan)
  return Receipt(plan: plan, errors: ErrorSummary(outcomes), options: [], version: ToolInfo.version)
}

/// Returns whether two checkpoints are the same model, up to the errors of their storage formats.
func isFaithful(_ candidate: String, to reference: String) throws -> Bool {
  let library = try ArchitectureLibrary.bundled()
  var options = CheckpointDiff.Options()
  options.budget = .byFormat
  let diff = try CheckpointDiff.compare(reference, candidate, library: library, options: options)
  for finding in diff.findings { print(finding) }
  return diff.passes
}

/// Returns the most probable next token of a text.
func nextToken(after text: String, by path: String) throws -> String {
  let model = try Model.open(path, library: .bundled())
  let tokenizer = try model.tokenizer()
  let tokens = tokenizer.encode(text)
  var pass = try ForwardPass(ModelWeights(model), tokens: tokens)
  try pass.run()
  let logits = try pass.logits(positions: tokens.count - 1..<tokens.count)
  let best = TokenRanking(logits[row: 0], count: 1).entries.first
  return best.map { tokenizer.decode([$0.token]) } ?? ""
}
