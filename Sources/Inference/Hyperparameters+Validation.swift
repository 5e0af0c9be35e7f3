import Architectures

extension Hyperparameters {
  /// The greatest plausible count or length.
  static let greatestLength = 1 << 24
  /// The most values in one matrix of activations: 8 GiB.
  static let greatestActivationCount = 1 << 31

  /// Checks that the forward pass over `tokens` can be computed without an impossible token, a division by zero, an
  /// overflow or an absurd allocation.
  ///
  /// - Parameter positionCount: the most positions of one pass, or of a text that is extended.
  func validate(_ tokens: ForwardPassInput, positionCount: Int) throws(InferenceError) {
    guard !tokens.text.isEmpty, tokens.decoder?.isEmpty != true else { throw .noTokens }
    try validate(positionCount: positionCount)
    for tokens in [tokens.text, tokens.decoder ?? []] {
      for (position, token) in tokens.enumerated() where !(0..<vocabularySize).contains(token) {
        throw .tokenOutOfRange(token: token, position: position, vocabularySize: vocabularySize)
      }
    }
  }

  private func validate(positionCount: Int) throws(InferenceError) {
    let lengths = [
      ("layer count", layerCount), ("decoder layer count", decoder?.layerCount ?? 1),
      ("embedding length", embeddingLength), ("token embedding length", tokenEmbeddingLength),
      ("feed-forward length", feedForwardLength),
      ("head count", headCount), ("key-value head count", keyValueHeadCount), ("head dimension", headDimension),
      ("label count", features.output == .scores ? labelCount : 1),
      ("vocabulary size", vocabularySize), ("sliding window", slidingWindow ?? 1),
      ("expert count", experts?.count ?? 1), ("experts used", experts?.usedCount ?? 1),
      ("expert group count", experts?.groupCount ?? 1), ("expert groups used", experts?.usedGroupCount ?? 1),
      ("expert feed-forward length", experts?.feedForwardLength ?? 1),
      ("shared expert feed-forward length", experts?.sharedFeedForwardLength ?? 1),
      ("query rank", latentAttention?.queryRank ?? 1), ("key-value rank", latentAttention?.keyValueRank ?? 1),
      ("unrotated dimension", latentAttention?.unrotatedDimension ?? 1),
      ("value dimension", latentAttention?.valueDimension ?? 1),
      ("recurrent key head count", recurrence?.keyHeadCount ?? 1),
      ("recurrent value head count", recurrence?.valueHeadCount ?? 1),
      ("recurrent key head dimension", recurrence?.keyDimension ?? 1),
      ("recurrent value head dimension", recurrence?.valueDimension ?? 1),
      ("convolution width", recurrence?.convolutionWidth ?? 1),
      ("original context length", rotary.scaling.originalContextLength ?? 1),
      ("layer input length", layerInputLength ?? 1), ("residual streams", altUp?.streamCount ?? 1),
      ("Laurel rank", laurelRank ?? 1), ("local rotary dimension count", localRotaryDimensionCount ?? 1),
      ("token count", positionCount),
    ]
    for (name, value) in lengths {
      guard value > 0 else { throw .notPositive(name: name, value: value) }
    }
    for (name, value) in lengths where !["sliding window", "original context length"].contains(name) {
      guard value <= Self.greatestLength else { throw .tooLarge(name: name) }
    }
    guard headCount.isMultiple(of: keyValueHeadCount) else {
      throw .unevenHeads(headCount: headCount, keyValueHeadCount: keyValueHeadCount)
    }
    if let recurrence {
      guard recurrence.valueHeadCount.isMultiple(of: recurrence.keyHeadCount) else {
        throw .unevenHeads(headCount: recurrence.valueHeadCount, keyValueHeadCount: recurrence.keyHeadCount)
      }
      guard recurrence.layers.count >= layerCount else { throw .tooLarge(name: "layer count") }
      let (state, overflow) = recurrence.keyDimension.multipliedReportingOverflow(by: recurrence.valueDimension)
      guard !overflow, state <= Self.greatestLength else { throw .tooLarge(name: "recurrent state") }
    }
    if let experts, !experts.count.isMultiple(of: experts.groupCount) {
      throw .outOfRange(
        name: "expert count", value: Double(experts.count),
        expected: "a multiple of \(experts.groupCount.grouped) groups")
    }
    let widest = max(
      embeddingLength, tokenEmbeddingLength, feedForwardLength, experts?.feedForwardLength ?? 0,
      experts?.sharedFeedForwardLength ?? 0,
      layerCount * (layerInputLength ?? 0), (altUp?.streamCount ?? 0) * max(embeddingLength, altUp?.streamCount ?? 0),
      headCount * keyDimension,
      headCount * (latentAttention?.valueDimension ?? 0), recurrence?.keyLength ?? 0, recurrence?.valueLength ?? 0)
    let (widestCount, overflow) = widest.multipliedReportingOverflow(by: positionCount)
    guard !overflow, widestCount <= Self.greatestActivationCount else { throw .tooLarge(name: "activations") }
    guard normEpsilon.isFinite, normEpsilon >= 0 else {
      throw .outOfRange(name: "norm epsilon", value: normEpsilon, expected: "a finite number, 0 or more")
    }
    guard (0...Self.greatestLength).contains(positionOffset) else {
      throw .outOfRange(
        name: "position offset", value: Double(positionOffset), expected: "0 to \(Self.greatestLength.grouped)")
    }
    if features.positions == .rotary { try validateRotary() }
    if let relativePositions { try relativePositions.validate() }
  }

  private func validateRotary() throws(InferenceError) {
    guard rotary.dimensionCount >= 2, rotary.dimensionCount.isMultiple(of: 2), rotary.dimensionCount <= keyDimension
    else { throw .rotaryDimension(dimensionCount: rotary.dimensionCount, headDimension: keyDimension) }
    if byLayer.headDimensions != nil {
      for layer in 0..<layerCount where rotates(layer) {
        let count = isLocal(layer) ? localRotaryDimensionCount ?? rotary.dimensionCount : rotary.dimensionCount
        guard count.isMultiple(of: 2), count <= at(layer).keyDimension else {
          throw .rotaryDimension(dimensionCount: count, headDimension: at(layer).keyDimension)
        }
      }
    } else if let count = localRotaryDimensionCount, !count.isMultiple(of: 2) || count > keyDimension {
      throw .rotaryDimension(dimensionCount: count, headDimension: keyDimension)
    }
    guard rotary.base.isFinite, rotary.base > 0 else {
      throw .outOfRange(name: "RoPE base", value: rotary.base, expected: "a finite number above 0")
    }
    if let factor = rotary.scaling.factor {
      guard factor.isFinite, factor > 0 else {
        throw .outOfRange(name: "RoPE scaling factor", value: factor, expected: "a finite number above 0")
      }
    }
  }
}

extension Hyperparameters.RelativePositions {
  /// Half of the `n` buckets of a side are for one distance each. The logarithm needs at least one, and a limit above `n / 2`.
  fileprivate func validate() throws(InferenceError) {
    guard bucketCount >= 4, bucketCount <= Hyperparameters.greatestLength else {
      throw .outOfRange(
        name: "relative bucket count", value: Double(bucketCount),
        expected: "4 to \(Hyperparameters.greatestLength.grouped)")
    }
    guard distanceLimit > bucketCount / 2 else {
      throw .outOfRange(
        name: "relative distance limit", value: Double(distanceLimit),
        expected: "more than \((bucketCount / 2).grouped)")
    }
  }
}

extension RotaryScaling {
  fileprivate var originalContextLength: Int? {
    switch self {
    case .none, .linear, .proportional: nil
    case .dynamic(_, let length), .llama3(_, _, _, let length): length
    case .yarn(let yarn): yarn.originalContextLength
    case .longrope(let longrope): longrope.originalContextLength
    case .piecewise(let piecewise): piecewise.threshold
    }
  }
}
