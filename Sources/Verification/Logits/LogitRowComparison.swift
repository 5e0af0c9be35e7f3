import Bytes
import Evaluation
import Formats
import Inference
import Tensors

/// The logits of two models for one position, compared in double precision.
///
///     p = softmax(reference)   q = softmax(candidate)
///     KL(p ‖ q) = Σ pᵢ (log pᵢ - log qᵢ) = Σ pᵢ (xᵢ - yᵢ) - log Σ exp x + log Σ exp y
///
/// Sums run in the order of the vocabulary; the greatest logit is subtracted before `exp`, so none overflows.
struct LogitRowComparison: Sendable {
  /// A model's most likely next token.
  struct Guess: Sendable {
    let token: Int
    let probability: Double
  }

  /// KL(p ‖ q) in nats, not below 0; nil if a logit is NaN or infinite.
  let divergence: Double?
  /// Whether both have the same most likely token (the first of equal ones).
  let hasSameTop: Bool
  /// Whether all logits have the same bits.
  let hasSameBits: Bool
  /// The most likely next tokens, the first of equal ones; nil if a logit is not finite.
  let referenceGuess: Guess?, candidateGuess: Guess?
  /// −log p and −log q of the next token, in nats; nil without one or if a logit is not finite.
  let referenceLoss: Double?, candidateLoss: Double?

  /// The change in the probability of the next token.
  var probabilityDelta: Double? {
    guard let referenceLoss, let candidateLoss else { return nil }
    return DeterministicMath.exponential(-candidateLoss) - DeterministicMath.exponential(-referenceLoss)
  }

  /// Compares two rows `[vocabulary]` of the same length; `target` is the next token, if known.
  init(reference: Span<Float>, candidate: Span<Float>, target: Int?) {
    var sameBits = true
    for index in 0..<reference.count where reference[index].bitPattern != candidate[index].bitPattern {
      sameBits = false
      break
    }
    hasSameBits = sameBits
    let first = LogitPeak(reference), second = LogitPeak(candidate)
    hasSameTop = first.index == second.index
    guard first.allFinite, second.allFinite else {
      divergence = nil
      referenceGuess = nil
      candidateGuess = nil
      referenceLoss = nil
      candidateLoss = nil
      return
    }
    var sum = 0.0, otherSum = 0.0, weighted = 0.0
    for index in 0..<reference.count {
      let x = Double(reference[index]), y = Double(candidate[index])
      let power = DeterministicMath.exponential(x - first.value)
      sum += power
      weighted += power * (x - y)
      otherSum += DeterministicMath.exponential(y - second.value)
    }
    let logSum = DeterministicMath.naturalLogarithm(sum) + first.value
    let otherLogSum = DeterministicMath.naturalLogarithm(otherSum) + second.value
    divergence = sameBits ? 0 : max(0, weighted / sum - logSum + otherLogSum)
    referenceGuess = Guess(
      token: first.index, probability: DeterministicMath.exponential(first.value - logSum))
    candidateGuess = Guess(
      token: second.index, probability: DeterministicMath.exponential(second.value - otherLogSum))
    referenceLoss = target.map { logSum - Double(reference[$0]) }
    candidateLoss = target.map { otherLogSum - Double(candidate[$0]) }
  }
}

extension LogitRowComparison {
  func append(to bytes: inout [UInt8]) {
    bytes.append((hasSameTop ? 1 : 0) | (hasSameBits ? 2 : 0))
    for value in [divergence, referenceLoss, candidateLoss] { bytes.append(bitsOf: value) }
    for guess in [referenceGuess, candidateGuess] {
      bytes.append(bitsOf: guess?.probability)
      if let guess { bytes.appendLittleEndian(Int64(guess.token)) }
    }
  }

  init(from cursor: inout ByteCursor) throws(ByteCursor.Failure) {
    func guess(from cursor: inout ByteCursor) throws(ByteCursor.Failure) -> Guess? {
      guard let probability = try cursor.readOptionalDouble() else { return nil }
      return Guess(token: Int(try cursor.read(Int64.self)), probability: probability)
    }
    let flags = try cursor.read(UInt8.self)
    (hasSameTop, hasSameBits) = (flags & 1 != 0, flags & 2 != 0)
    divergence = try cursor.readOptionalDouble()
    referenceLoss = try cursor.readOptionalDouble()
    candidateLoss = try cursor.readOptionalDouble()
    referenceGuess = try guess(from: &cursor)
    candidateGuess = try guess(from: &cursor)
  }

  /// Whether it can be that of two rows, when it was read from a file that is not trusted.
  func isPlausible(vocabularySize: Int) -> Bool {
    [referenceGuess, candidateGuess].allSatisfy { guess in
      guess.map { (0..<vocabularySize).contains($0.token) && $0.probability.isFinite && $0.probability >= 0 } ?? true
    }
      && (divergence.map { $0.isFinite && $0 >= 0 } ?? true)
      && [referenceLoss, candidateLoss].allSatisfy { $0?.isFinite ?? true }
  }
}
