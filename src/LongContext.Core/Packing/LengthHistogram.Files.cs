using LongContext.Checkpoints;
using LongContext.Data;

namespace LongContext.Packing;

public sealed partial class LengthHistogram
{
    private const string KindKey = "kind", Kind = "length-histogram", LengthsName = "lengths", CountsName = "counts";

    /// <summary>Writes the histogram as a safetensors file (tensors <c>lengths</c> and <c>counts</c>), whole or not at all.</summary>
    /// <param name="path">The file to make or replace.</param>
    /// <exception cref="IOException">It cannot be written.</exception>
    public void Save(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        SafetensorsWriter.Write(
            path,
            [
                SafetensorsEntry.Create<int>(LengthsName, [lengths.Length], lengths),
                SafetensorsEntry.Create<long>(CountsName, [counts.Length], counts),
            ],
            new Dictionary<string, string> { [KindKey] = Kind });
    }

    /// <summary>Reads a file that <see cref="Save"/> wrote.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="DataFormatException">The file holds something else.</exception>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    public static LengthHistogram Load(string path)
    {
        try
        {
            using SafetensorsFile file = SafetensorsFile.Open(path);
            if (!file.Metadata.TryGetValue(KindKey, out string? kind) || kind != Kind)
                throw new DataFormatException(path, null, $"its kind is '{kind ?? "none"}', expected '{Kind}'");
            int[] lengths = file.ReadArray<int>(LengthsName);
            long[] counts = file.ReadArray<long>(CountsName);
            if (lengths.Length != counts.Length) throw new DataFormatException(path, null, $"{lengths.Length} lengths and {counts.Length} counts, expected as many");
            for (int i = 0; i < lengths.Length; i++)
            {
                if (lengths[i] <= (i == 0 ? 0 : lengths[i - 1]) || counts[i] < 1)
                    throw new DataFormatException(path, null, $"{counts[i]} sequences of length {lengths[i]} at place {i}, expected ascending lengths from 1 and counts from 1");
            }

            return new LengthHistogram(lengths, counts);
        }
        catch (Exception exception) when (exception is CheckpointFormatException or OverflowException)
        {
            throw new DataFormatException(path, null, exception.Message, exception);
        }
    }
}
