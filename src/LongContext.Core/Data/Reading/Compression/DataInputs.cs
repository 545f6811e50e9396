namespace LongContext.Data.Reading.Compression;

/// <summary>Chooses how a file is decompressed.</summary>
internal static class DataInputs
{
    public static DataInput Open(string path, RecordSourceOptions options)
    {
        FileStream file = new(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0, FileOptions.SequentialScan);
        return new PlainInput(path, file);
    }
}
