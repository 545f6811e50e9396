using LongContext.Data;
using LongContext.Data.Reading;
using LongContext.Evaluation.Tasks.Records;

namespace LongContext.Evaluation.Tasks.LongBench;

/// <summary>A data set's files with what the configuration says of it. Records are read anew each time, so that none is held in memory.</summary>
internal sealed class LongBenchSource
{
    private readonly FormatString prompt;

    public LongBenchSource(LongBenchDataSet set, IReadOnlyList<string> paths, LongBenchConfiguration configuration)
    {
        Set = set;
        Paths = paths;
        (PromptText, prompt) = configuration.Prompt(set.Name);
        Settings = set.Settings(configuration.MaximumNewTokens(set.Name));
    }

    public LongBenchDataSet Set { get; }

    public IReadOnlyList<string> Paths { get; }

    public string PromptText { get; }

    public AnswerSettings Settings { get; }

    /// <summary>The first records.</summary>
    /// <param name="count">How many at most, or null for all.</param>
    /// <param name="cancellationToken">Ends reading.</param>
    /// <param name="check">Looks at each record; an <see cref="ArgumentException"/> of it says that the record's answers cannot be scored.</param>
    /// <exception cref="DataFormatException">A record is not as expected; the message names file, line and field.</exception>
    /// <exception cref="IOException">A file cannot be read, or has another length than when it was looked at.</exception>
    public IEnumerable<LongBenchRecord> Read(int? count, CancellationToken cancellationToken, Action<LongBenchRecord>? check = null)
    {
        int number = 0;
        using RecordSource<LongBenchRecord> source = new(new DataFileList(Paths), ReadOne, $"LongBench {Set.Name}", new RecordSourceOptions());
        while ((count is not { } most || number < most) && source.Next(cancellationToken) is { } record)
        {
            number++;
            yield return record;
        }

        LongBenchRecord ReadOne(DataRecord fields)
        {
            LongBenchRecord record = LongBenchRecord.Read(fields, number + 1, prompt, Set);
            try
            {
                check?.Invoke(record);
                return record;
            }
            catch (ArgumentException fault)
            {
                throw new DataFormatException($"the answers cannot be scored: {fault.Message}", fault);
            }
        }
    }
}
