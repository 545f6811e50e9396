using System.Globalization;
using System.IO.Hashing;
using System.Runtime.InteropServices;
using LongContext.Data.Caching;

namespace LongContext.Evaluation.Tasks.Records;

/// <summary>One short text for all that decides a task's items and scores.</summary>
internal sealed class ContentHash
{
    private readonly XxHash128 hash = new();

    /// <summary>Adds a value; null is told apart from an empty text.</summary>
    public ContentHash Add(object? value)
    {
        string? text = value is IFormattable formattable ? formattable.ToString(null, CultureInfo.InvariantCulture) : value?.ToString();
        hash.Append(MemoryMarshal.AsBytes(new ReadOnlySpan<int>([text?.Length ?? -1])));
        hash.Append(MemoryMarshal.AsBytes(text.AsSpan()));
        return this;
    }

    /// <summary>Adds texts, and how many there are.</summary>
    public ContentHash AddAll(IReadOnlyCollection<string>? values)
    {
        Add(values?.Count);
        foreach (string value in values ?? []) Add(value);
        return this;
    }

    /// <summary>Adds how an answer is generated.</summary>
    public ContentHash Add(AnswerSettings settings)
    {
        Add(settings.MaximumNewTokens).Add(settings.MinimumNewTokens).Add(settings.Temperature).Add(settings.TopP).Add(settings.Seed).Add(settings.Attempt);
        return AddAll(settings.StopSequences);
    }

    /// <summary>Adds what is in files: neither their folder nor their times of change.</summary>
    public ContentHash AddFiles(IEnumerable<string> paths)
    {
        foreach (DataFileIdentity file in DataFileIdentity.OfAll(paths, DataFileStamp.Content)) Add(file.Name).Add(file.Length).Add(file.Stamp);
        return this;
    }

    /// <summary>The hash, in hexadecimal digits.</summary>
    public override string ToString() => Convert.ToHexStringLower(hash.GetCurrentHash());
}
