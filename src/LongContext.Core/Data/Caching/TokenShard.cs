using System.IO.Hashing;
using LongContext.Checkpoints;
using LongContext.Packing;

namespace LongContext.Data.Caching;

/// <summary>One file of tokens, mapped into memory. Its index is checked when it is opened, so that no later access can leave the file.</summary>
internal sealed unsafe class TokenShard : IDisposable
{
    public const string TokensName = "tokens", PaddingName = "padding", OffsetsName = "offsets", MaskOffsetsName = "mask-offsets", MaskRunsName = "mask-runs";
    private const int HashPart = 1 << 26;

    private readonly SafetensorsFile file;
    private readonly TokenShardInfo info;
    private readonly byte* tokens;
    private readonly long* offsets;
    private readonly long* maskOffsets; // null where no sequence has a mask
    private readonly int* maskRuns;
    private readonly bool isWide;

    /// <exception cref="DataFormatException">The file is not there, damaged, or not the one that the manifest tells of.</exception>
    public TokenShard(string folder, TokenShardInfo info)
    {
        string path = Path.Combine(folder, info.File);
        this.info = info;
        FileInfo onDisk = new(path);
        if (!onDisk.Exists) throw new DataFormatException(path, null, "there is no such file, but the cache's manifest names it");
        if (onDisk.Length != info.Bytes) throw new DataFormatException(path, null, $"it has {onDisk.Length} bytes, expected {info.Bytes} (is it cut off?)");
        try
        {
            file = SafetensorsFile.Open(path);
        }
        catch (CheckpointFormatException exception)
        {
            throw new DataFormatException(path, null, exception.Message, exception);
        }

        try
        {
            isWide = file.Tensors.TryGetValue(TokensName, out TensorInfo? all) && all.DataType == TensorDataType.Int32;
            tokens = Tensor(TokensName, isWide ? TensorDataType.Int32 : TensorDataType.UInt16, info.Tokens);
            offsets = (long*)Tensor(OffsetsName, TensorDataType.Int64, info.Sequences + 1);
            if (file.Tensors.ContainsKey(MaskOffsetsName) || file.Tensors.ContainsKey(MaskRunsName))
            {
                maskOffsets = (long*)Tensor(MaskOffsetsName, TensorDataType.Int64, info.Sequences + 1);
                maskRuns = (int*)Tensor(MaskRunsName, TensorDataType.Int32, null);
            }

            CheckIndex();
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    public long Sequences => info.Sequences;

    /// <summary>Tokens of a sequence, from 1 to 2³¹ − 1.</summary>
    public int Length(long index) => (int)(offsets[index + 1] - offsets[index]);

    public void CopyTokens(long index, Span<int> destination)
    {
        int length = Length(index);
        if (isWide) new ReadOnlySpan<int>((int*)tokens + offsets[index], length).CopyTo(destination);
        else TokenConversion.Widen(new ReadOnlySpan<ushort>((ushort*)tokens + offsets[index], length), destination);
    }

    public TokenSequence Read(long index)
    {
        int[] copy = GC.AllocateUninitializedArray<int>(Length(index));
        CopyTokens(index, copy);
        return new TokenSequence(copy, Mask(index, copy.Length));
    }

    /// <exception cref="DataFormatException">The tokens are others than were written.</exception>
    public void VerifyTokens(CancellationToken cancellationToken)
    {
        string found = Hash(tokens, file.Tensors[TokensName].ByteLength, cancellationToken);
        if (found != info.TokenChecksum) throw Fault($"its tokens have the checksum {found}, expected {info.TokenChecksum}: they were damaged");
    }

    public void Dispose() => file.Dispose();

    private bool[]? Mask(long index, int length)
    {
        if (maskOffsets == null || maskOffsets[index + 1] == maskOffsets[index]) return null;
        bool[] mask = GC.AllocateUninitializedArray<bool>(length);
        ReadOnlySpan<int> runs = new(maskRuns + maskOffsets[index], (int)(maskOffsets[index + 1] - maskOffsets[index]));
        return LossMaskRuns.TryExpand(runs, mask) ? mask : throw Fault($"the loss mask of its sequence {index} does not cover that sequence's {length} tokens");
    }

    private byte* Tensor(string name, TensorDataType type, long? count)
    {
        if (!file.Tensors.TryGetValue(name, out TensorInfo? found)) throw Fault($"it has no tensor '{name}'");
        if (found.DataType != type || found.Shape.Count != 1 || (count is { } expected && found.Shape[0] != expected))
            throw Fault($"its tensor '{name}' holds {string.Join(" × ", found.Shape)} values of {found.DataType}, expected {count?.ToString(System.Globalization.CultureInfo.InvariantCulture) ?? "some"} of {type}");
        return file.GetPointer(name);
    }

    /// <summary>The checksum tells of damage; the numbers are checked all the same, since whoever can write a file can write its checksum.</summary>
    private void CheckIndex()
    {
        long end = file.Tensors.Values.Max(tensor => tensor.Offset + tensor.ByteLength), tokenBytes = file.Tensors[TokensName].ByteLength;
        if (file.Tensors[TokensName].Offset != 0) throw Fault("its tokens do not come first");
        string found = Hash(tokens + tokenBytes, end - tokenBytes, CancellationToken.None);
        if (found != info.IndexChecksum) throw Fault($"its index has the checksum {found}, expected {info.IndexChecksum}: it was damaged");
        CheckAscending(OffsetsName, offsets, info.Tokens, least: 1);
        if (maskOffsets != null) CheckAscending(MaskOffsetsName, maskOffsets, file.Tensors[MaskRunsName].Shape[0], least: 0);
    }

    private void CheckAscending(string name, long* values, long last, long least)
    {
        if (values[0] != 0) throw Fault($"its tensor '{name}' begins with {values[0]}, expected 0");
        for (long i = 0; i < info.Sequences; i++)
        {
            // Both lie in the range up to here, so the difference does not overflow.
            if (values[i + 1] < 0 || values[i + 1] - values[i] < least || values[i + 1] - values[i] > Array.MaxLength)
                throw Fault($"its tensor '{name}' goes from {values[i]} to {values[i + 1]} at sequence {i}, expected {least} to {Array.MaxLength} more");
        }

        if (values[info.Sequences] != last) throw Fault($"its tensor '{name}' ends with {values[info.Sequences]}, expected {last}");
    }

    private static string Hash(byte* start, long length, CancellationToken cancellationToken)
    {
        XxHash128 hash = new();
        for (long at = 0; at < length; at += HashPart)
        {
            cancellationToken.ThrowIfCancellationRequested();
            hash.Append(new ReadOnlySpan<byte>(start + at, (int)Math.Min(HashPart, length - at)));
        }

        return TokenShardWriter.Hex(hash);
    }

    private DataFormatException Fault(string fault) => new(file.Path, null, fault);
}
