using System.Text;
using LongContext.Data;
using LongContext.Evaluation.Reports;

namespace LongContext.Evaluation;

public sealed partial record EvaluationReport
{
    /// <summary>Reads what <see cref="WriteJsonLines(string)"/> wrote.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="DataFormatException">
    /// The file holds something else, or not all of it; the message names file, line and field, what was found and what was expected.
    /// </exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">The file may not be read.</exception>
    public static EvaluationReport ReadJsonLines(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        using StreamReader reader = new(path, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true));
        return ReportJsonReader.Read(reader, path);
    }

    /// <summary>Reads what <see cref="WriteJsonLines(TextWriter)"/> wrote.</summary>
    /// <param name="reader">What to read, to its end.</param>
    /// <param name="name">What messages call it.</param>
    /// <exception cref="DataFormatException">As with <see cref="ReadJsonLines(string)"/>.</exception>
    public static EvaluationReport ReadJsonLines(TextReader reader, string name)
    {
        ArgumentNullException.ThrowIfNull(reader);
        ArgumentNullException.ThrowIfNull(name);
        return ReportJsonReader.Read(reader, name);
    }
}
