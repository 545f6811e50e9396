namespace LongContext.Data.Compression;

/// <summary>Faults of a file as a whole.</summary>
internal static class Faults
{
    public static DataFormatException Broken(string path, string fault, Exception? cause = null) => new(path, null, fault, cause) { EndsFile = true };

    public static IOException Shrunk(string path, long length, long lengthThen) =>
        new(FormattableString.Invariant($"{path} ends after {length} bytes now; it had {lengthThen} when it was opened."));

    public static DataFormatException EndsBefore(string path, long length, long place) =>
        Broken(path, FormattableString.Invariant($"the text ends after {length} bytes, expected more than {place}: the file is not the one that was being read."));
}
