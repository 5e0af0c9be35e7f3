import Bytes
import Tensors

// A model that was trained in N parallel parts is a set of N files, which the names number from 0:
//
//   consolidated.00.pth … consolidated.07.pth, params.json
//
// All have tensors of the same names, each its part of the whole (`ModelParallelJoin`).

/// The files of a model-parallel set, whose tensors are joined.
struct ModelParallelShards {
  private static let stem = "consolidated.", suffix = ".pth"

  let folder: any FileTree
  /// The names of the files, by number.
  let names: [String]

  /// The set that the file `name` belongs to in `folder`; nil for other names, and for the only file of a set.
  ///
  /// - Throws: `LocatedError` if a number is missing.
  init?(_ name: String, in folder: any FileTree) throws {
    guard Self.number(name) != nil else { return nil }
    let numbers = try folder.names(in: "").compactMap(Self.number)
    guard let last = numbers.max(), last > 0 else { return nil }
    let present = Set(numbers), missing = (0...last).filter { !present.contains($0) }.map(Self.name)
    guard missing.isEmpty else {
      throw LocatedError(
        path: folder.path, reason: ShardSetError.missingShards(missing, of: last + 1, isListed: false))
    }
    names = (0...last).map(Self.name)
    self.folder = folder
  }

  /// The number in `consolidated.03.pth`; nil for other names.
  static func number(_ name: String) -> Int? {
    guard name.hasPrefix(stem), name.hasSuffix(suffix) else { return nil }
    let digits = name.dropFirst(stem.count).dropLast(suffix.count)
    guard digits.utf8.count == 2, digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
    return Int(digits)
  }

  /// The name of the file with this number.
  static func name(_ number: Int) -> String { "\(stem)\(number < 10 ? "0" : "")\(number)\(suffix)" }

  /// Opens all files, and joins their tensors. Tensors that each file has whole are read and compared.
  func open(path: String) throws -> Checkpoint {
    let contents = try names.map { name in
      let file = try folder.open(name), container = try FormatSniffer.container(of: file)
      guard container == .pyTorch else {
        let error = ShardSetError.otherContainer(shard: name, found: container, expected: .pyTorch)
        throw LocatedError(path: folder.path, reason: error)
      }
      return try PyTorch.contents(file)
    }
    do throws(ModelParallelError) {
      var joiner = ModelParallelJoiner(path: folder.path, contents)
      let tensors = try joiner.join()
      let leftOut = joiner.leftOut.map { "tensor \($0.text.quoted) is left out: computed from the RoPE base" }
      let remarks = contents.flatMap { content in
        content.remarks.map { "\(content.file.name.escapedForDisplay): \($0)" }
      }
      return Checkpoint(
        container: .pyTorch, path: path, files: joiner.sources, metadata: Metadata(), tensors: tensors,
        containerFacts: (contents.first?.facts ?? [:]).merging(["modelParallelSize": "\(contents.count)"]) { $1 },
        remarks: leftOut + remarks)
    } catch {
      throw error.located(in: folder.path)
    }
  }
}
