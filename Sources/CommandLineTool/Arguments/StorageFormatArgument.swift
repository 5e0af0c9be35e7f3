import ArgumentParser
import Ingot

/// The name of a storage format that can be encoded, or `auto`.
enum TypeArgument: ExpressibleByArgument {
  case automatic
  case format(StorageFormat)

  init?(argument: String) {
    if argument.lowercased() == "auto" {
      self = .automatic
    } else if let format = StorageFormat(named: argument), Codec.canEncode(format) {
      self = .format(format)
    } else {
      return nil
    }
  }

  static var allValueStrings: [String] {
    ["auto"] + StorageFormat.allCases.filter { Codec.canEncode($0) }.map(\.name)
  }

  var choice: ConversionRequest.TypeChoice {
    switch self {
    case .automatic: .automatic
    case .format(let format): .format(format)
    }
  }
}

/// `PATTERN=T`: a storage format for the tensors whose name matches.
struct TypeOverrideArgument: ExpressibleByArgument {
  let override: ConversionRequest.TypeOverride

  init?(argument: String) {
    guard let separator = argument.lastIndex(of: "="), separator > argument.startIndex,
      let format = StorageFormat(named: String(argument[argument.index(after: separator)...])),
      Codec.canEncode(format)
    else { return nil }
    override = ConversionRequest.TypeOverride(pattern: String(argument[..<separator]), format: format)
  }
}
