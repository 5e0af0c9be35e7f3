import Bytes
import Tensors

/// Models of compressed-tensors (`quant_method` `compressed-tensors`), as llm-compressor, Kimi K2 and many others publish them.
///
/// `config_groups` says how the modules that each group targets are quantized. A module's tensors show in which form it is
/// stored:
///
///     X.weight_packed I32    integers of 1 to 8 bits in words           pack-quantized    CompressedIntegers
///     X.weight I8            integers of a byte                         int-quantized     CompressedIntegers
///     X.weight F8_E4M3       FP8 codes                                  float-quantized   CompressedFloats
///     X.weight_packed U8     FP4 codes, two in a byte                   nvfp4-pack-…      CompressedFloats
///
/// The layouts are those of compressed-tensors 0.20.1, and of the releases before that packed or permuted otherwise.
struct CompressedTensors {
  static let method = "compressed-tensors"
  /// What compressed-tensors stores for activations, which are not quantized here.
  private static let activationParts: [String: String] = {
    var reasons: [String: String] = [:]
    for part in ["scale", "zero_point", "global_scale"] {
      reasons["input_\(part)"] = "scale of a layer's quantized input; inputs are not quantized here"
      reasons["output_\(part)"] = "scale of a layer's quantized output; outputs are not quantized here"
      for word in ["q", "k", "v"] {
        reasons["\(word)_\(part)"] = "scale of quantized attention or of its cache, which are not quantized here"
      }
    }
    return reasons
  }()

  private let configuration: CompressedTensorsConfiguration
  private let evidence: FormEvidence

  init(_ evidence: FormEvidence) throws(EncodingError) {
    configuration = try CompressedTensorsConfiguration(evidence.quantization ?? .null)
    self.evidence = evidence
  }

  /// Returns the checkpoint with one tensor for each weight and its scales.
  func composing() -> EncodedCheckpoint {
    var steps = ModuleTargets.largestStepCount
    let names = [CompressedPart.packed, CompressedPart.weight].map { codes in
      PartNames(codes: codes, result: CompressedPart.weight, parts: CompressedPart.all)
    }
    let packed = evidence.composing(names[0]) { group throws(EncodingError) in
      try self.packed(group, &steps)
    }
    let all = evidence.replacing(packed.checkpoint).composing(names[1]) { group throws(EncodingError) in
      try self.unpacked(group, &steps)
    }
    return EncodedCheckpoint(omittingUnused(all.checkpoint), problems: packed.problems + all.problems)
  }

  // MARK: - Weights

  /// `X.weight_packed`.
  private func packed(_ group: PartGroup, _ steps: inout Int) throws(EncodingError) -> any TensorComposition {
    let isInteger = group.codes.format == .i32 || group.codes.format == .u32
    let found = try self.group(of: group, &steps, kind: isInteger ? .integer : .float)
    guard let arguments = found.weights, arguments.kind == (isInteger ? .integer : .float) else {
      throw .contradiction(group.codes, group: found.name, fact: found.weights?.words ?? "no weights")
    }
    if isInteger {
      return try CompressedIntegers(packed: group, arguments, packing: configuration.packing) {
        (tensor) throws(EncodingError) in tensor.integers(try evidence.content(of: tensor, limit: 1 << 10))
      }
    }
    return try CompressedFloats.packed(group, arguments)
  }

  /// `X.weight`, if it is codes.
  private func unpacked(_ group: PartGroup, _ steps: inout Int) throws(EncodingError) -> (any TensorComposition)? {
    guard group.codes.composition == nil else { return nil }
    guard group.codes.hasCodes else {
      try requirePlain(group, &steps)
      return nil
    }
    let isInteger = group.codes.format?.facts.kind == .integer
    // A plain cast has no scales.
    if !isInteger, group.part(CompressedPart.scale) == nil { return nil }
    let found = try self.group(of: group, &steps, kind: isInteger ? .integer : .float)
    guard let arguments = found.weights, arguments.kind == (isInteger ? .integer : .float) else {
      throw .contradiction(group.codes, group: found.name, fact: found.weights?.words ?? "no weights")
    }
    return isInteger
      ? try CompressedIntegers(bytes: group, arguments)
      : try CompressedFloats.unpacked(group, arguments, groupName: found.name)
  }

  /// Throws if the configuration says that a weight of values, which has a scale, is quantized.
  private func requirePlain(_ group: PartGroup, _ steps: inout Int) throws(EncodingError) {
    guard configuration.isCompressed, group.part(CompressedPart.scale) != nil,
      let found = try configuration.group(of: group.stem, steps: &steps, where: { _ in false }), found.format != .dense,
      let weights = found.weights
    else { return }
    throw .contradiction(group.codes, group: found.name, fact: weights.words)
  }

  private func group(
    of parts: PartGroup, _ steps: inout Int, kind: WeightArguments.Kind
  ) throws(EncodingError) -> CompressedTensorsConfiguration.Group {
    let found = try configuration.group(of: parts.stem, steps: &steps) { $0.weights?.kind == kind }
    guard let found else { throw .noGroup(parts.codes) }
    return found
  }

  // MARK: - Other tensors

  private func omittingUnused(_ checkpoint: Checkpoint) -> Checkpoint {
    var kept: [TensorDescriptor] = [], unused: [(tensor: TensorDescriptor, reason: String)] = []
    for tensor in checkpoint.tensors {
      let name = tensor.name.text
      let word = name.split(separator: ".").last.map(String.init) ?? name
      if let reason = Self.activationParts[word] {
        unused.append((tensor, reason))
      } else if word.hasPrefix("weight_"), CompressedPart.all.contains("." + word), isPlain(name, word, checkpoint) {
        unused.append((tensor, "part of an encoding, but the weight is stored as values"))
      } else {
        kept.append(tensor)
      }
    }
    unused += partsWithoutUse(checkpoint)
    let remarks = [UnreadMembers.remark(configuration.unread)].compactMap(\.self)
    return checkpoint.replacing(tensors: kept, unused: unused, remarks: remarks)
  }

  /// Parts beside a weight that its composition does not read.
  private func partsWithoutUse(_ checkpoint: Checkpoint) -> [(tensor: TensorDescriptor, reason: String)] {
    let used = Set(checkpoint.tensors.flatMap(\.sources).map(\.name))
    return evidence.checkpoint.tensors.compactMap { tensor in
      guard !used.contains(tensor.name), CompressedPart.all.contains(where: tensor.name.text.hasSuffix) else {
        return nil
      }
      return (tensor, "the values of its weight do not depend on it")
    }
  }

  /// Whether the weight that the part `name` belongs to is stored as values.
  private func isPlain(_ name: String, _ word: String, _ checkpoint: Checkpoint) -> Bool {
    let weight = checkpoint.tensor(TensorName(name.dropLast(word.count) + "weight"))
    return weight.map { $0.composition == nil && !$0.hasCodes } ?? false
  }
}

extension WeightArguments {
  /// `int, 4 bits`
  var words: String { "\(kind.rawValue), \(counted(bits, "bit"))" }
}
