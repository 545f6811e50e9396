using System.Collections.Frozen;

namespace LongContext.Evaluation.Metrics;

/// <summary>BABILong's comparison of answers (Kuratov et al. 2024, arXiv:2406.10149; booydar/babilong, babilong/metrics.py).</summary>
public static class BabiLong
{
    private static readonly string[] Rooms = ["bathroom", "bedroom", "garden", "hallway", "kitchen", "office"];

    // What the answers of the twenty tasks of bAbI are made of (Weston et al. 2015, arXiv:1502.05698).
    private static readonly FrozenDictionary<string, string[]> LabelsByTask = new Dictionary<string, string[]>
    {
        ["qa1"] = Rooms,
        ["qa2"] = Rooms,
        ["qa3"] = Rooms,
        ["qa4"] = Rooms,
        ["qa5"] = ["Bill", "Fred", "Jeff", "Mary", "apple", "football", "milk"],
        ["qa6"] = ["no", "yes"],
        ["qa7"] = ["none", "one", "three", "two"],
        ["qa8"] = ["apple", "football", "milk", "nothing"],
        ["qa9"] = ["no", "yes"],
        ["qa10"] = ["maybe", "no", "yes"],
        ["qa11"] = Rooms,
        ["qa12"] = Rooms,
        ["qa13"] = Rooms,
        ["qa14"] = ["bedroom", "cinema", "kitchen", "office", "park", "school"],
        ["qa15"] = ["cat", "mouse", "sheep", "wolf"],
        ["qa16"] = ["gray", "green", "white", "yellow"],
        ["qa17"] = ["no", "yes"],
        ["qa18"] = ["no", "yes"],
        ["qa19"] = ["e,e", "e,n", "e,s", "n,e", "n,n", "n,w", "s,e", "s,s", "s,w", "w,n", "w,s", "w,w"],
        ["qa20"] = ["bedroom", "bored", "garden", "hungry", "kitchen", "thirsty", "tired"],
    }.ToFrozenDictionary();

    /// <summary>The answers that a task knows.</summary>
    /// <param name="task">The task, "qa1" to "qa20".</param>
    /// <exception cref="ArgumentException">No such task.</exception>
    public static IReadOnlyList<string> Labels(string task)
    {
        ArgumentNullException.ThrowIfNull(task);
        return LabelsByTask.TryGetValue(task, out string[]? labels) ? labels : throw new ArgumentException($"\"{task}\" is no task of BABILong; expected \"qa1\" to \"qa20\".", nameof(task));
    }

    /// <summary>
    /// compare_answers: whether the right answer is the only one of the labels that the output has in its first sentence. Labels that the question
    /// has do not count; several answers with commas between them must be all that are found, in any order.
    /// </summary>
    /// <remarks>
    /// Labels are found anywhere, also inside other words. The output ends at the first full stop and at the marks &lt;context&gt; and
    /// &lt;example&gt;. The program would also cut at "Question", but looks for it in lower-case text, where it never stands.
    /// </remarks>
    /// <param name="target">The right answer.</param>
    /// <param name="output">What the model said.</param>
    /// <param name="question">The question.</param>
    /// <param name="labels">The task's labels; see <see cref="Labels"/>.</param>
    public static bool CompareAnswers(string target, string output, string question, IReadOnlyCollection<string> labels)
    {
        ArgumentNullException.ThrowIfNull(target);
        ArgumentNullException.ThrowIfNull(output);
        ArgumentNullException.ThrowIfNull(question);
        ArgumentNullException.ThrowIfNull(labels);
        string said = FirstSentence(output);
        string right = PythonText.ToLower(target), asked = PythonText.ToLower(question);
        HashSet<string> found = [.. labels.Select(PythonText.ToLower).Where(label => said.Contains(label, StringComparison.Ordinal) && !asked.Contains(label, StringComparison.Ordinal))];
        // Three characters are one answer of qa19, such as "e,n".
        bool several = right.Contains(',', StringComparison.Ordinal) && CodePoints.Of(right).Length > 3;
        string[] wanted = several ? right.Split(',') : [right];
        return found.Count == wanted.Length && wanted.All(found.Contains);
    }

    private static string FirstSentence(string output)
    {
        string text = PythonText.ToLower(output).Split('.')[0];
        return text.Split("<context>")[0].Split("<example>")[0];
    }
}
