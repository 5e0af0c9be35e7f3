import Tensors

/// The ends of the names of tensors that together encode one: `X.qweight`, `X.scales` and `X.qzeros` encode `X.weight`.
struct PartNames {
  /// The end of the name of the tensor with the codes.
  let codes: String
  /// The end of the name of the tensor that is encoded.
  let result: String
  /// The ends of the names of the others.
  let parts: [String]
}

/// The stored tensors that encode one.
struct PartGroup {
  /// The tensor with the codes.
  let codes: TensorDescriptor
  /// What the names of all of them begin with.
  let stem: String
  /// The others, by the ends of their names.
  fileprivate let parts: [String: TensorDescriptor]

  /// The part whose name ends in `suffix`.
  func part(_ suffix: String) -> TensorDescriptor? { parts[suffix] }

  /// The same for a part that decoding needs.
  func required(_ suffix: String) throws(EncodingError) -> TensorDescriptor {
    guard let part = parts[suffix] else { throw .missingPart(of: codes, name: stem + suffix) }
    return part
  }
}

extension FormEvidence {
  /// Replaces each group of parts by the tensor that they encode, at the place of its codes.
  ///
  /// - Parameters:
  ///   - unused: the ends of the names of further tensors of a group that values do not depend on, with the reason.
  ///   - compose: makes the composition of a group; nil if the codes are no codes, which leaves all its tensors.
  func composing(
    _ names: PartNames, unused unusedParts: [String: String] = [:],
    compose: (PartGroup) throws(EncodingError) -> (any TensorComposition)?
  ) -> EncodedCheckpoint {
    var problems: [EncodingError] = []
    var replacements: [TensorName: TensorDescriptor] = [:]
    // Parts of tensors that were composed, with the reason why nothing is made of them.
    var omitted: [TensorName: String?] = [:]
    for codes in checkpoint.tensors where codes.name.text.hasSuffix(names.codes) {
      let stem = String(codes.name.text.dropLast(names.codes.count))
      var parts: [String: TensorDescriptor] = [:]
      for suffix in names.parts { parts[suffix] = checkpoint.tensor(TensorName(stem + suffix)) }
      do throws(EncodingError) {
        guard let composition = try compose(PartGroup(codes: codes, stem: stem, parts: parts)) else { continue }
        let name = TensorName(stem + names.result)
        replacements[codes.name] = TensorDescriptor(
          name: name, shape: composition.shape, contents: .composed(composition))
        // A stored tensor of the result's name would be a second one; it stays, and mapping reports it.
        for part in parts.values where part.name != name { omitted[part.name] = .some(nil) }
        for (suffix, reason) in unusedParts {
          if let part = checkpoint.tensor(TensorName(stem + suffix)) { omitted[part.name] = reason }
        }
      } catch {
        problems.append(error)
        // The error says enough of the other parts too.
        for part in parts.values { omitted[part.name] = .some(nil) }
      }
    }
    var tensors: [TensorDescriptor] = [], unused: [(tensor: TensorDescriptor, reason: String)] = []
    for tensor in checkpoint.tensors {
      if let replacement = replacements[tensor.name] {
        tensors.append(replacement)
      } else if let reason = omitted[tensor.name] {
        if let reason { unused.append((tensor, reason)) }
      } else {
        tensors.append(tensor)
      }
    }
    return EncodedCheckpoint(checkpoint.replacing(tensors: tensors, unused: unused), problems: problems)
  }
}
