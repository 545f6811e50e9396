using System.Text.Json;
using LongContext.Data.Compression;

namespace LongContext.Data.Reading;

/// <summary>
/// Files named .json, which people use for three forms: one array of objects, a single object (or several, over many lines), and
/// lines of JSON. The first bytes tell.
/// </summary>
internal static class JsonFiles
{
    public static IRecordReader Open(string path, RecordSourceOptions options, CancellationToken cancellationToken)
    {
        char form = Form(path, options, cancellationToken);
        return form == 'l' ? new JsonLinesReader(path, options) : new JsonElementsReader(path, options, isArray: form == '[');
    }

    /// <summary>'[' for an array, 'l' for lines, '{' for objects one after the other.</summary>
    private static char Form(string path, RecordSourceOptions options, CancellationToken cancellationToken)
    {
        using InputBuffer text = new(DataInput.Open(path, options));
        text.PassMark(cancellationToken);
        if (!text.PassBlanks(cancellationToken)) return 'l'; // nothing in it
        if (text.Available[0] == '[') return '[';
        // Lines of JSON where the first line is an object for itself.
        int end, searched = 0; // a line of megabytes comes in many small blocks, and is looked through once
        while ((end = text.Available[searched..].IndexOf((byte)'\n')) < 0 && text.Available.Length <= options.MaximumRecordBytes)
        {
            searched = text.Available.Length;
            if (!text.Fill(cancellationToken)) break;
        }

        if (end >= 0) end += searched;
        return IsWhole(end < 0 ? text.Available : text.Available[..end]) ? 'l' : '{';
    }

    private static bool IsWhole(ReadOnlySpan<byte> json)
    {
        try
        {
            Utf8JsonReader reader = new(json, new JsonReaderOptions { MaxDepth = JsonRecords.MaximumDepth });
            while (reader.Read())
            {
            }

            return true;
        }
        catch (JsonException)
        {
            return false;
        }
    }
}
