import Tensors

extension StoredRule {
  /// The rule for a file whose transforms differ from those that its scheme declares.
  ///
  /// - Parameter states: by transform, whether it was applied; the others are as the scheme declares them.
  public func storing(_ states: [TransformRule.Kind: Bool]) -> StoredRule {
    guard !states.isEmpty else { return self }
    var changed = transforms
    for (index, tensor) in tensors.enumerated() {
      for (kind, isApplied) in states {
        guard let transform = tensor.transform(kind) else { continue }
        let hasIt = changed[index].contains { $0.kind == kind }
        if isApplied, !hasIt { changed[index].append(transform) }
        if !isApplied { changed[index].removeAll { $0.kind == kind } }
      }
    }
    return StoredRule(
      patterns: patterns, tensors: tensors, fusionOrder: fusionOrder, transposedBlocks: transposedBlocks,
      mayBeTurned: mayBeTurned, transforms: changed, shape: shape)
  }

  /// The rule for a file that has it transposed although it is not, or the other way round.
  var turned: StoredRule {
    StoredRule(
      patterns: patterns, tensors: tensors, fusionOrder: fusionOrder,
      transposedBlocks: transposedBlocks == nil ? Expression("1") : nil, mayBeTurned: false, transforms: transforms,
      shape: shape)
  }

  /// Whether the scheme applies a transform of this kind to one of its tensors.
  public func applies(_ kind: TransformRule.Kind) -> Bool { transforms.joined().contains { $0.kind == kind } }
}

extension TensorRule {
  /// The transform of this kind that one of the schemes applies, the first by name; nil if none does.
  public func transform(_ kind: TransformRule.Kind) -> TransformRule? {
    transforms.sorted { $0.key < $1.key }.flatMap(\.value).first { $0.kind == kind }
  }
}
