using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using LongContext.Data;
using LongContext.Data.Making;
using LongContext.Data.Reading;

namespace LongContext.Evaluation.Tasks.Judging;

/// <summary>A case of LongBench-Chat.</summary>
/// <param name="Index">Its number, from 1.</param>
/// <param name="Prompt">Document and query.</param>
/// <param name="Query">The query.</param>
/// <param name="Answer">The reference.</param>
internal sealed record LongBenchChatCase(int Index, string Prompt, string Query, string Answer)
{
    /// <summary>Reads the cases of a file.</summary>
    /// <exception cref="DataFormatException">A field is missing or of another kind, an idx comes twice, or there is no case.</exception>
    public static IReadOnlyList<LongBenchChatCase> Load(string path, CancellationToken cancellationToken)
    {
        List<LongBenchChatCase> cases = [];
        HashSet<int> known = [];
        using RecordSource<LongBenchChatCase> source = RecordSource.FromFiles([path], record => Read(record, known));
        while (source.Next(cancellationToken) is { } one) cases.Add(one);
        return cases.Count > 0 ? cases : throw new DataFormatException(path, null, "there is no case, expected objects with idx, prompt, query and answer.");
    }

    /// <summary>The prompt in parts: what stands before the query, or after it where that is longer, is the context.</summary>
    public EvaluationPrompt ToPrompt()
    {
        int at = Prompt.LastIndexOf(Query, StringComparison.Ordinal), end = at + Query.Length;
        if (at < 0) return new EvaluationPrompt { Context = Prompt, Query = Query };
        return at >= Prompt.Length - end
            ? new EvaluationPrompt { Context = Prompt[..at], After = Prompt[at..], Query = Query }
            : new EvaluationPrompt { Before = Prompt[..end], Context = Prompt[end..], Query = Query };
    }

    private static LongBenchChatCase Read(DataRecord record, HashSet<int> known)
    {
        if (record.Fields["idx"] is not JsonValue value || value.GetValueKind() != JsonValueKind.Number
            || !int.TryParse(value.ToString(), NumberStyles.None, CultureInfo.InvariantCulture, out int index) || index < 1)
            throw RecordFields.Fault(record.Origin, $"the field \"idx\" is {record.Fields["idx"]?.ToJsonString() ?? "missing"}, expected a whole number from 1.");
        if (!known.Add(index)) throw RecordFields.Fault(record.Origin, FormattableString.Invariant($"the field \"idx\" is {index}, as that of a case before it."));
        return new LongBenchChatCase(index, record.RequireText("prompt"), record.RequireText("query"), record.RequireText("answer"));
    }
}
