import Ingot

/// What a checkpoint holds, without reading its data.
func describe(_ path: String) throws -> String {
  let checkpoint = try Checkpoint.open(path)
  let largest = checkpoint.tensors.max { $0.byteCount < $1.byteCount }
  return "\(checkpoint.container.rawValue): \(counted(checkpoint.tensors.count, "tensor")), "
    + "\(checkpoint.tensorByteCount.byteSize), the largest is \(largest?.name.text.quoted ?? "none")"
}

/// One row of one tensor as numbers, in the layout that Hugging Face uses, whatever the file's is.
func queryRow(_ row: Int, layer: Int, of path: String) throws -> [Float] {
  let model = try Model.open(path, library: .bundled())
  var values: [Float] = []
  try ModelWeights(model).readRows(.attentionQuery, layer: layer, rows: row..<row + 1, into: &values)
  return values
}

/// Converts to a GGUF in Q8_0, with a record of what was done to every tensor.
func convert(_ source: String, to destination: String) throws -> Receipt {
  let model = try Model.open(source, library: .bundled())
  var request = ConversionRequest(destination: destination)
  request.type = .format(.q8_0)
  // Everything that can go wrong for reasons of meaning goes wrong here, before anything is written.
  let plan = try Planner.plan(model, request)
  for remark in plan.remarks where remark.severity == .warning { print("warning: \(remark.message)") }
  let outcomes = try Executor.run(plan)
  return Receipt(plan: plan, errors: ErrorSummary(outcomes), options: [], version: ToolInfo.version)
}

/// Whether two checkpoints hold the same model, up to what their storage formats cost.
func isFaithful(_ candidate: String, to reference: String) throws -> Bool {
  let library = try ArchitectureLibrary.bundled()
  var options = CheckpointDiff.Options()
  options.tolerance = .byFormat
  let diff = try CheckpointDiff.compare(reference, candidate, library: library, options: options)
  for finding in diff.findings { print(finding) }
  return diff.passes
}

/// The likeliest next token of a text.
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
