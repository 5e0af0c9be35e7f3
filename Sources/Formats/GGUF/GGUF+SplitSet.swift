import Bytes
import Tensors

// Each part of a split set is a GGUF file of its own and states (llama.cpp's `LLM_KV_SPLIT_*`):
//   split.no             u16: its place, from 0, although its name counts from 1
//   split.count          u16: the number of parts
//   split.tensors.count  i32: the tensors of all parts
// The first part has all other metadata as well.

extension GGUF {
  static let splitNumberKey = "split.no"
  static let splitCountKey = "split.count"
  static let splitTensorCountKey = "split.tensors.count"

  /// The metadata of part `index` of `count`, as the gguf package writes it: the first part has `metadata` and the
  /// split keys behind it, the others the split keys alone.
  public static func splitMetadata(_ metadata: Metadata, index: Int, count: Int, tensorCount: Int) -> Metadata {
    var part = index == 0 ? metadata : Metadata()
    part[splitNumberKey] = .uint16(UInt16(clamping: index))
    part[splitCountKey] = .uint16(UInt16(clamping: count))
    part[splitTensorCountKey] = .int32(Int32(clamping: tensorCount))
    return part
  }

  /// Opens `file` alone or, if it is a part of a split set, the whole set.
  static func open(_ file: InputFile) throws -> Checkpoint {
    let contents = try contents(file)
    let name = ShardName(FileSystem.name(of: file.path))
    guard let count = try split(splitCountKey, of: contents, orNone: true), count > 1 else {
      var checkpoint = contents
      if let name, name.count > 1, contents.metadata[splitCountKey] == nil {
        checkpoint.remarks.append(
          "the name says part \(name.number) of \(name.count), but the file has no split.count; read on its own")
      }
      return Checkpoint(path: file.path, container: .gguf, contents: [checkpoint])
    }
    guard let name else { throw LocatedError(path: file.path, fact: ShardSetError.unnumberedPart(count: count)) }
    guard name.count == count else {
      throw LocatedError(path: file.path, fact: ShardSetError.instanceCount(declared: count, inName: name.count))
    }
    var set = SplitSet(path: file.path, name: name)
    set.readParts()
    set.requireUniqueTensors()
    guard set.problems.isEmpty else { throw ProblemList(set.problems) }
    return Checkpoint(path: file.path, container: .gguf, contents: set.parts)
  }

  /// The header of one file; errors name the file.
  static func contents(_ file: InputFile) throws -> ParsedHeader {
    do throws(GGUFError) {
      return try read(file)
    } catch {
      throw error.located(in: file.path)
    }
  }

  /// The whole number under one of the split keys.
  fileprivate static func split(_ key: String, of part: ParsedHeader, orNone: Bool = false) throws -> Int? {
    guard let value = part.metadata[key] else {
      guard orNone else { throw LocatedError(path: part.file.path, fact: ShardSetError.splitKey(key, found: nil)) }
      return nil
    }
    guard let number = value.integer else {
      throw LocatedError(path: part.file.path, fact: ShardSetError.splitKey(key, found: value.type.name))
    }
    return number
  }

  /// The parts of a split set, checked against each other; problems are collected.
  struct SplitSet {
    /// The part that was named.
    let path: String
    let name: ShardName
    private(set) var parts: [ParsedHeader] = []
    private(set) var problems: [any IngotError] = []

    init(path: String, name: ShardName) {
      self.path = path
      self.name = name
    }

    mutating func readParts() {
      let folder = FileSystem.folder(of: path)
      for (index, partName) in name.all.enumerated() {
        let partPath = FileSystem.join(folder, partName)
        guard FileSystem.kind(of: partPath) != nil else {
          note(path, .missingShard(partName, tensorCount: nil))
          continue
        }
        do {
          let part = try Self.readShard(at: partPath)
          try noteKeys(of: part, index: index)
          parts.append(part)
        } catch let error as any IngotError {
          problems.append(error)
        } catch {
          // Everything above throws errors of this project; nothing else can arrive here.
        }
      }
    }

    private static func readShard(at path: String) throws -> ParsedHeader {
      let file = try InputFile(path)
      guard try FormatSniffer.container(of: file) == .gguf else {
        throw LocatedError(path: path, fact: ShardSetError.notGGUF)
      }
      return try GGUF.contents(file)
    }

    private mutating func noteKeys(of part: ParsedHeader, index: Int) throws {
      let path = part.file.path
      if let declared = try GGUF.split(splitNumberKey, of: part), declared != index {
        note(path, .partNumber(declared: declared, inName: index + 1))
      }
      if let declared = try GGUF.split(splitCountKey, of: part), declared != name.count {
        note(path, .instanceCount(declared: declared, inName: name.count))
      }
      if let first = parts.first?.facts["byteOrder"], let order = part.facts["byteOrder"], order != first {
        note(path, .shardByteOrder(order, first: first))
      }
    }

    /// Checks names and their number across parts, once all parts could be read.
    mutating func requireUniqueTensors() {
      guard problems.isEmpty else { return }
      var partByTensor: [TensorName: String] = [:]
      for part in parts {
        for tensor in part.tensors {
          if let first = partByTensor.updateValue(FileSystem.name(of: part.file.path), forKey: tensor.name) {
            note(part.file.path, .tensorInTwoParts(tensor.name, first: first))
          }
        }
      }
      let found = parts.reduce(0) { $0 + $1.tensors.count }
      for part in parts {
        guard let value = part.metadata[splitTensorCountKey] else { continue }
        guard value.integer == found else {
          note(part.file.path, .tensorCount(declared: value.integer ?? 0, found: found))
          return
        }
      }
    }

    private mutating func note(_ path: String, _ error: ShardSetError) {
      problems.append(LocatedError(path: path, fact: error))
    }
  }
}
