import Bytes
import Models
import Tensors

// Exact re-expression: a tensor that several stored tensors encode may have exactly its values in a block format too. Then
// its codes and scales are repacked, and no value changes.

extension PlanDraft {
  /// Whether tensors keep their values exactly instead of following the type that is asked for.
  var keepsExactTensors: Bool {
    request.type == .kept || request.exactTensors == .keep || request.type.recipe?.isCopy == true
  }

  /// The exact formats of drafted tensors, as far as the request may use them.
  ///
  /// - Throws: errors of reading scales.
  func findExactFormats() throws -> [TensorName: [ExactFormat]] {
    var found: [TensorName: [ExactFormat]] = [:]
    for tensor in tensors {
      guard let reader = tensor.reader, reader.isComposed else { continue }
      var exact: [ExactFormat] = []
      for format in reader.rows.candidateFormats where isOfUse(format) {
        guard let choice = try reader.rows.exactFormat(format), choice.factors.isEmpty || tensor.mayHaveFactors else {
          continue
        }
        exact.append(choice)
        if keepsExactTensors { break }
      }
      found[tensor.name] = exact
    }
    return found
  }

  /// Whether the output can have the format, and the request can choose it.
  private func isOfUse(_ format: StorageFormat) -> Bool {
    guard target == .gguf ? format.facts.ggmlType != nil : format.facts.isSafeTensorsType else { return false }
    guard !keepsExactTensors else { return true }
    switch request.type {
    case .automatic, .kept: return false
    case .format(let wanted): return format == wanted && format.isQuantized
    case .recipe, .size: return format.isQuantized
    }
  }

  /// Notes the exact formats of the drafted tensors.
  mutating func note(_ exact: [TensorName: [ExactFormat]]) {
    for index in tensors.indices { tensors[index].exactFormats = exact[tensors[index].name] ?? [] }
  }

  /// Adds the factors of repacked blocks to a GGUF, each after its blocks, and says what is repacked.
  mutating func finishRepacking() {
    guard tensors.contains(where: { $0.reader?.isComposed == true }) else { return }
    if target == .gguf {
      tensors = tensors.flatMap { tensor in [tensor] + (tensor.factorTensor.map { [$0] } ?? []) }
    }
    var counts: [StorageFormat: Int] = [:]
    for tensor in tensors where tensor.repacked != nil { counts[tensor.format, default: 0] += 1 }
    for (format, count) in counts.sorted(by: { $0.key.name < $1.key.name }) {
      messages.append(
        .note("\(counted(count, "tensor")) \(count == 1 ? "is" : "are") repacked as \(format), 0 values changed"))
    }
    if keepsExactTensors { noteObstacles() }
  }

  /// Says of tensors that become larger because no block format has their values, why.
  private mutating func noteObstacles() {
    var reasons: [(words: String, names: [TensorName])] = []
    for tensor in tensors where tensor.exactFormats.isEmpty && tensor.format == .f32 {
      guard let composition = tensor.sources.lazy.compactMap(\.descriptor.composition).first else { continue }
      let obstacle =
        composition.repackingObstacle ?? "its scales or zero points are not exact in F16, or its rows are taken apart"
      let words = "\(composition.description): \(obstacle)"
      let index = reasons.firstIndex { $0.words == words } ?? reasons.endIndex
      if index == reasons.endIndex { reasons.append((words, [])) }
      reasons[index].names.append(tensor.name)
    }
    messages += reasons.map { reason in
      .note(
        "\(counted(reason.names.count, "tensor")) \(reason.names.count == 1 ? "becomes" : "become") F32 to keep every value "
          + "(first: \(reason.names[0].text.quoted); \(reason.words))")
    }
  }
}

extension DraftTensor {
  /// The exact format that the tensor gets as blocks of the same codes and scales; nil if its values are encoded.
  var repacked: ExactFormat? { format.isQuantized ? exactFormats.first { $0.format == format } : nil }

  /// The decision to keep the values exactly; nil if no format of fewer bits than F32 does.
  var exactDecision: FormatDecision? {
    if readFormat.isQuantized { return .decided(readFormat, rule: "kept") }
    guard let exact = exactFormats.first, let encoding = sources.first?.descriptor.encoding else { return nil }
    let words = exact.format.isQuantized ? "repacked: \(exact.format) has" : "\(exact.format) holds"
    return .decided(exact.format, rule: "\(words) every value of \(encoding)")
  }

  /// Whether llama.cpp multiplies the products of the matrix by the factors of its blocks (`load_tensors` in
  /// llama-model.cpp of 0c1e57098).
  fileprivate var mayHaveFactors: Bool {
    let words = name.text.split(separator: ".")
    guard let kind = words.dropLast().last, words.last == "weight" else { return false }
    return words.count == 2 ? kind == "output" : Self.kindsWithFactors.contains(String(kind))
  }

  private static let kindsWithFactors: Set<String> = [
    "attn_q", "attn_k", "attn_v", "attn_output", "attn_qkv", "attn_gate", "ffn_gate", "ffn_down", "ffn_up",
    "ffn_gate_shexp", "ffn_down_shexp", "ffn_up_shexp", "ffn_gate_exps", "ffn_down_exps", "ffn_up_exps", "ssm_in",
    "ssm_out", "ssm_alpha", "ssm_beta",
  ]

  /// The tensor by which llama.cpp multiplies repacked blocks, `NAME.scale` for `NAME.weight`; nil if there is none.
  fileprivate var factorTensor: DraftTensor? {
    guard let factors = repacked?.factors, factors.contains(where: { $0 != 1 }), let shape = Shape([factors.count])
    else { return nil }
    let suffix = ".weight"
    let stem = name.text.hasSuffix(suffix) ? String(name.text.dropLast(suffix.count)) : name.text
    return DraftTensor(
      TensorName(stem + ".scale"), purpose, derived: factors, shape: shape, rule: "the scale of \(format) blocks")
  }
}
