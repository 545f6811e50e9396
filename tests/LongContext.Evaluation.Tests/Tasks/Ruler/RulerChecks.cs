using System.Text.RegularExpressions;
using LongContext.Evaluation.Metrics;

namespace LongContext.Evaluation.Tasks.Ruler;

/// <summary>The definitions of RULER's tasks, read from a prompt anew.</summary>
internal static partial class RulerChecks
{
    public static void Check(string name, EvaluationItem item)
    {
        switch (name)
        {
            case "vt":
                Variables(item);
                break;
            case "cwe":
                CommonWords(item);
                break;
            case "fwe":
                FrequentWords(item);
                break;
            case "qa_1" or "qa_2":
                Answering(name, item);
                break;
            default:
                Needles(name, item);
                break;
        }
    }

    [GeneratedRegex("One of the special magic (numbers|uuids) for (.+?) is: (.+?)\\.")]
    private static partial Regex Needle { get; }

    [GeneratedRegex("VAR ([A-Z]+) = (VAR ([A-Z]+) $|[0-9]{5}$)", RegexOptions.Multiline)]
    private static partial Regex Assignment { get; }

    [GeneratedRegex("(\\d+)\\. ([^ ]+)")]
    private static partial Regex Entry { get; }

    private static void Needles(string name, EvaluationItem item)
    {
        (int keys, int values, int asked) = name switch
        {
            "niah_multikey_1" => (4, 1, 1),
            "niah_multivalue" => (1, 4, 1),
            "niah_multiquery" => (4, 1, 4),
            _ => (1, 1, 1),
        };
        (string Key, string Value)[] needles = [.. Needle.Matches(item.Prompt.Context).Select(match => (match.Groups[2].Value, match.Groups[3].Value))];
        string query = Regex.Match(item.Prompt.After, "for (.+) mentioned").Groups[1].Value;
        string[] queries = query.Split(", ").Select(key => key.StartsWith("and ", StringComparison.Ordinal) ? key[4..] : key).ToArray();
        Assert.Equal(asked, queries.Length);
        Assert.Equal(asked * values, item.Answers.Count);
        if (name is "niah_multikey_2" or "niah_multikey_3") Assert.True(needles.Length > 2);
        else Assert.Equal(keys * values, needles.Length);
        // Each value stands once, under a key that was asked for, and in the order of the keys.
        Assert.Equal(item.Answers, queries.SelectMany(key => item.Answers.Where(answer => needles.Contains((key, answer)))));
        Assert.All(item.Answers, answer => Assert.Equal(2, item.Prompt.Text.Split(answer).Length));
        Assert.Equal(item.Answers.Count, needles.Count(needle => queries.Contains(needle.Key)));
        Assert.Equal(item.Answers.Count, item.Answers.Distinct().Count());
        if (keys > 1) Assert.Equal(keys, needles.Select(needle => needle.Key).Distinct().Count());
        Assert.All(needles, needle => Assert.Matches(
            name is "niah_single_3" or "niah_multikey_3" ? "^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$" : "^[1-9][0-9]{6}$", needle.Value));
        Assert.All(needles, needle => Assert.Matches(name is "niah_multikey_3" ? "^[0-9a-f-]{36}$" : "^[a-z]+-[a-z]+$", needle.Key));
        // What is left of a text of needles are words of noise, of noise its lines.
        if (name is "niah_single_1") Assert.All(item.Prompt.Context.Split('\n')[..^1], line => Assert.True(line.StartsWith("The grass is green. The sky", StringComparison.Ordinal) || Needle.IsMatch(line)));
    }

    private static void Variables(EvaluationItem item)
    {
        string value = Regex.Match(item.Prompt.After, "the value ([0-9]{5}) in").Groups[1].Value;
        Match[] lines = [.. Assignment.Matches(item.Prompt.Context).Cast<Match>()];
        Assert.Equal(5, lines.Length);
        Assert.Equal(value, lines[0].Groups[2].Value);
        Assert.Equal(item.Answers, lines.Select(line => line.Groups[1].Value));
        Assert.Equal(item.Answers.Take(4), lines.Skip(1).Select(line => line.Groups[3].Value));
        Assert.Equal(5, item.Answers.Distinct().Count());
        Assert.All(item.Answers, name => Assert.Equal(5, name.Length));
        // The value is nowhere else, and the example before is a chain of its own with its answer.
        Assert.Single(Regex.Matches(item.Prompt.Context, value));
        Assert.DoesNotContain(value, item.Prompt.Before, StringComparison.Ordinal);
        Match[] example = [.. Assignment.Matches(item.Prompt.Before).Cast<Match>()];
        Assert.Equal(5, example.Length);
        Assert.EndsWith(
            $"5 variables are assigned the value {example[0].Groups[2].Value}, they are:  {string.Join(' ', example.Select(line => line.Groups[1].Value))}\n\nMemorize and track the chain(s) of variable assignment hidden in the following text.\n\n",
            item.Prompt.Before, StringComparison.Ordinal);
        Assert.All(example, line => Assert.Equal(3, line.Groups[1].Length));
    }

    private static void CommonWords(EvaluationItem item)
    {
        bool isShort = item.Length < 4_096;
        Counted(item.Prompt.Context, item.Answers, isShort ? 6 : 30, isShort ? 1 : 3);
        string[] parts = item.Prompt.Before.Split("\nQuestion: What are the 10 most common words in the above list? Answer: The top 10 words that appear most often in the list are: ");
        Assert.Equal(2, parts.Length);
        string[] solved = [.. Entry.Matches(parts[1].Split('\n')[0]).Select(match => match.Groups[2].Value)];
        Assert.Equal(10, solved.Length);
        Assert.Empty(solved.Intersect(item.Answers));
        Dictionary<string, int> example = Counted(parts[0][(parts[0].IndexOf('\n', StringComparison.Ordinal) + 1)..], solved, isShort ? 3 : 10, isShort ? 1 : 3);
        Assert.Equal(isShort ? 20 : 40, example.Count);
    }

    private static Dictionary<string, int> Counted(string list, IReadOnlyList<string> common, int often, int seldom)
    {
        Match[] entries = [.. Entry.Matches(list).Cast<Match>()];
        Assert.Equal(list, string.Join(' ', entries.Select(entry => entry.Value)));
        Assert.Equal(Enumerable.Range(1, entries.Length).Select(i => $"{i}"), entries.Select(entry => entry.Groups[1].Value));
        Dictionary<string, int> counts = entries.GroupBy(entry => entry.Groups[2].Value).ToDictionary(group => group.Key, group => group.Count());
        Assert.Equal(10, common.Distinct().Count());
        Assert.All(common, word => Assert.Equal(often, counts[word]));
        Assert.All(counts.Where(pair => !common.Contains(pair.Key)), pair => Assert.Equal(seldom, pair.Value));
        Assert.All(common, word => Assert.DoesNotContain(common, other => other != word && other.Contains(word, StringComparison.Ordinal)));
        return counts;
    }

    private static void FrequentWords(EvaluationItem item)
    {
        Dictionary<string, int> counts = Words.Of(item.Prompt.Context).GroupBy(word => word).ToDictionary(group => group.Key, group => group.Count());
        string[] ranked = [.. counts.Where(pair => pair.Key != "...").OrderByDescending(pair => pair.Value).Select(pair => pair.Key)];
        Assert.Equal(item.Answers, ranked.Take(3));
        Assert.Equal(3, item.Answers.Count);
        int[] times = [.. ranked.Select(word => counts[word])];
        Assert.True(counts["..."] > times[0] && times[0] > times[1] && times[1] > times[2] && (times.Length == 3 || times[2] > times[3]), "the three are not the most frequent");
        Assert.All(ranked, word => Assert.Matches("^[a-z]{6}$", word));
        // The law: the word after the dots stands about a quarter as often, and so on.
        if (item.Length >= 4_096) Assert.Equal(new[] { 4 / 9.0, 4 / 16.0 }, [times[1] / (double)times[0], times[2] / (double)times[0]], (a, b) => Math.Abs(a - b) < 0.02);
    }

    private static void Answering(string name, EvaluationItem item)
    {
        string[] documents = Regex.Split(item.Prompt.Context, "\n\n(?=Document \\d+:\n)");
        for (int i = 0; i < documents.Length; i++) Assert.StartsWith($"Document {i + 1}:\n", documents[i], StringComparison.Ordinal);
        int[] holding = [.. Enumerable.Range(0, documents.Length).Where(i => item.Answers.Any(answer => documents[i].Contains(answer, StringComparison.OrdinalIgnoreCase)))];
        Assert.Single(holding);
        if (name == "qa_1" && documents.Length > 1) Assert.Equal(holding[0] / (documents.Length - 1.0), item.Depth!.Value, 1e-9);
        Assert.StartsWith("\n\nAnswer the question based on the given documents. Only give me the answer and do not output any other words.\n\nQuestion: ", item.Prompt.After, StringComparison.Ordinal);
        string person = Regex.Match(item.Prompt.After, "[A-Z][a-z]+ [A-Z][a-z]+(?=( works| born| learn| move|\\?))").Value;
        Assert.NotEmpty(person);
        string telling = Assert.Single(documents, document => document.Contains(person, StringComparison.Ordinal));
        if (name == "qa_1")
        {
            Assert.Equal(documents[holding[0]], telling);
            return;
        }

        // The person's document names the company, and the company's the town.
        string company = Regex.Match(telling, "for the ([A-Z][a-z]+) company").Groups[1].Value;
        Assert.Contains($"The {company} company was founded in {item.Answers[0]} in", documents[holding[0]], StringComparison.Ordinal);
    }
}
