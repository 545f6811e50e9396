using LongContext.Data;
using LongContext.Data.Making;

namespace LongContext.Evaluation.Tasks.Ruler;

/// <summary>Questions of a file: SQuAD's or HotpotQA's.</summary>
internal sealed class RulerFileQuestions : RulerQuestions
{
    private readonly List<Entry> entries;
    private readonly List<string> documents;

    /// <summary>Keeps what was read.</summary>
    /// <param name="entries">The questions.</param>
    /// <param name="documents">All documents, each once.</param>
    public RulerFileQuestions(List<Entry> entries, List<string> documents)
    {
        this.entries = entries;
        this.documents = documents;
        Identity = Settings.Text("questions", 0, documents, entries.Select(entry => $"{entry.Question}\n{string.Join('\n', entry.Answers)}\n{string.Join(' ', entry.Own)}"));
    }

    /// <summary>A question.</summary>
    /// <param name="Question">The question.</param>
    /// <param name="Answers">Its answers.</param>
    /// <param name="Own">The documents it is about, by number.</param>
    /// <param name="Near">Documents that come before others as distractors: those of the same article.</param>
    public sealed record Entry(string Question, IReadOnlyList<string> Answers, IReadOnlyList<int> Own, IReadOnlyList<int> Near);

    public override int Count => entries.Count;

    public override string Identity { get; }

    public override RulerQuestion Get(int index) => new(entries[index].Question, entries[index].Answers, [.. entries[index].Own.Select(i => documents[i])]);

    public override IEnumerable<string> Distractors(RulerQuestion question, int index, SplitMix64 random)
    {
        Entry entry = entries[index];
        int[] near = [.. entry.Near], far = [.. Enumerable.Range(0, documents.Count).Except(near).Except(entry.Own)];
        random.Shuffle(near.AsSpan());
        random.Shuffle(far.AsSpan());
        if (near.Length + far.Length == 0) yield break;
        // As in the script: those that hold an answer too are no exception, and once all are used they come again where a length takes more than the file has.
        for (;;)
        {
            foreach (int i in near.Concat(far)) yield return documents[i];
        }
    }
}
