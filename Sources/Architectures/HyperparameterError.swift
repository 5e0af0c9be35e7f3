import Bytes

/// A number of the model that is missing, of the wrong kind, or impossible.
public enum HyperparameterError: IngotError, Hashable {
  case missing(name: String, places: String)
  case wrongKind(key: String, expected: String, found: String)
  case notPositive(name: String, value: Int)
  case zero(key: String)
  case differsByLayer(key: String, values: [String], count: Int)
  case notDivisible(String, Int, by: String, Int)
  case unknownRotaryScaling(String)
  case scalesSlidingWindows(String)
  case rotaryScalingLacks(type: String, key: String)
  case mustBeEven(name: String, value: Int)
  case outOfRange(name: String, value: Double)
  case unknownActivation(String)
  case unknownRouterFunction(Int)
  case exceeds(String, Int, String, Int)
  /// `places` has the keys that may state the list, quoted.
  case tooFewLayers(name: String, places: String = "", expected: Int, found: Int)
  case unknownWord(key: String, index: Int?, word: String, known: [String])
  case sharesNothing(layer: Int)
  case sharesOtherHeads(layer: Int, source: Int)

  public var category: ErrorCategory { .input }

  public var description: String {
    switch self {
    case .missing(let name, let places): "\(name) is not stated (expected \(places))"
    case .wrongKind(let key, let expected, let found): "key \(key.quoted) is \(found), expected \(expected)"
    case .notPositive(let name, let value): "\(name) is \(value), expected at least 1"
    case .zero(let key): "key \(key.quoted) is 0, expected at least 1 (remove the key if it states nothing)"
    case .differsByLayer(let key, let values, let count):
      "key \(key.quoted) is [\(values.joined(separator: ", "))\(count > values.count ? ", …" : "")], which differs by"
        + " layer, expected one value for all \(counted(count, "layer"))"
    case .notDivisible(let name, let value, let other, let divisor):
      "\(name) \(value) is not a multiple of \(other) \(divisor)"
    case .unknownRotaryScaling(let type):
      "rotary scaling \(type.quoted) is unknown (known: linear, dynamic, llama3, yarn, longrope, nlpe, proportional)"
    case .scalesSlidingWindows(let type):
      "rotary scaling \(type.quoted) of layers with a sliding window is not known, expected \("default".quoted)"
    case .rotaryScalingLacks(let type, let key): "rotary scaling \(type.quoted) has no number \(key.quoted)"
    case .mustBeEven(let name, let value): "\(name) is \(value), expected an even number"
    case .outOfRange(let name, let value): "\(name) is \(value), which is out of range"
    case .unknownActivation(let name):
      "activation \(name.quoted) is unknown (known: silu, gelu, gelu_new, relu, relu2)"
    case .unknownRouterFunction(let number):
      "router function \(number) is unknown (known: 1 softmax, 2 sigmoid, 3 softmax of the chosen, 4 sqrt-softplus)"
    case .exceeds(let name, let value, let other, let limit):
      "\(name) is \(value), expected at most the \(other) \(limit)"
    case .tooFewLayers(let name, let places, let expected, let found):
      "\(name)\(places.isEmpty ? "" : " (\(places))") has \(found) entries, expected one for each of \(counted(expected, "layer"))"
    case .unknownWord(let key, let index, let word, let known):
      "key \(key.quoted) has \(word.quoted)\(index.map { " at index \($0)" } ?? ""), expected "
        + known.map(\.quoted).joined(separator: " or ")
    case .sharesNothing(let layer):
      "layer \(layer) shares keys and values, but no earlier layer of its type has its own"
    case .sharesOtherHeads(let layer, let source):
      "layer \(layer) shares keys and values with layer \(source), whose heads have other sizes"
    }
  }
}
