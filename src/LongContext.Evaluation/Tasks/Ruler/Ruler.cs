using LongContext.Data;
using LongContext.Data.Making;
using LongContext.Data.Reading;

namespace LongContext.Evaluation.Tasks.Ruler;

/// <summary>RULER's thirteen tasks, made from a seed at any length.</summary>
/// <remarks>Hsieh et al. 2024 (arXiv 2404.06654); scripts/synthetic.yaml of NVIDIA/RULER c3f5e3b.</remarks>
public static class Ruler
{
    private const string Generated = "-generated";

    /// <summary>The names of all tasks, in the order of the script.</summary>
    public static IReadOnlyList<string> Names { get; } =
    [
        "niah_single_1", "niah_single_2", "niah_single_3", "niah_multikey_1", "niah_multikey_2", "niah_multikey_3", "niah_multivalue", "niah_multiquery", "vt", "cwe", "fwe", "qa_1",
        "qa_2",
    ];

    /// <summary>Makes all thirteen tasks.</summary>
    /// <param name="options">Lengths, numbers, and where text and questions come from. Default: the official ones with built-in text.</param>
    /// <exception cref="ArgumentException">An option is out of its range; the message names all that are.</exception>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="DataFormatException">A file is not in the form expected; the message names file, place and field.</exception>
    public static IReadOnlyList<RulerTask> Create(RulerOptions? options = null) => Create(options, Names);

    /// <summary>Makes some of the tasks with built-in text and all other defaults: <c>Ruler.Create("vt", "cwe")</c>.</summary>
    /// <param name="name">One of <see cref="Names"/>, also as reports have it: "ruler/vt", "ruler/qa_1-generated".</param>
    /// <param name="more">Further ones.</param>
    /// <exception cref="ArgumentException">There is no such task, or one is named twice.</exception>
    public static IReadOnlyList<RulerTask> Create(string name, params IReadOnlyList<string> more)
    {
        ArgumentNullException.ThrowIfNull(name);
        ArgumentNullException.ThrowIfNull(more);
        return Create(new RulerOptions(), [name, .. more]);
    }

    /// <summary>Makes some of the tasks.</summary>
    /// <param name="options">Lengths, numbers, and where text and questions come from; null for the official ones with built-in text.</param>
    /// <param name="names">Which tasks, at least one of <see cref="Names"/>, also as reports have them ("ruler/vt", and "ruler/qa_1-generated" without a file of questions); only their files are read.</param>
    /// <exception cref="ArgumentException">An option is out of its range, the message names all that are; or there is no name, no such task, or one is named twice.</exception>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="DataFormatException">A file is not in the form expected; the message names file, place and field.</exception>
    public static IReadOnlyList<RulerTask> Create(RulerOptions? options, params IReadOnlyList<string> names)
    {
        ArgumentNullException.ThrowIfNull(names);
        options ??= new RulerOptions();
        options.Validate();
        if (names.Count == 0) throw new ArgumentException($"There is no name, expected at least one of {string.Join(", ", Names)}.", nameof(names));
        string[] known = [.. names.Select(name => Known(name, nameof(names), options))];
        if (known.GroupBy(name => name).FirstOrDefault(group => group.Count() > 1) is { } twice) throw new ArgumentException($"The task \"{twice.Key}\" is named twice.", nameof(names));
        Lazy<Haystack> essays = new(() => Essays(options));
        return [.. known.Select(name => Create(name, options, essays))];
    }

    /// <summary>Makes a task of items that the official scripts made (data/prepare.py).</summary>
    /// <param name="name">Which task, of <see cref="Names"/>, also as "ruler/vt": it decides scoring and the answers' length.</param>
    /// <param name="files">The scripts' validation.jsonl for each length in tokens, at least one.</param>
    /// <param name="style">
    /// <see cref="PromptStyle.Chat"/> (the default) for files made with the template type base; <see cref="PromptStyle.Completion"/> for those with a model's own template in them.
    /// </param>
    /// <exception cref="ArgumentException">There is no such task, or no file.</exception>
    /// <exception cref="IOException">A file cannot be read.</exception>
    public static RulerPreparedTask Load(string name, IReadOnlyDictionary<int, string> files, PromptStyle style = PromptStyle.Chat)
    {
        ArgumentNullException.ThrowIfNull(name);
        ArgumentNullException.ThrowIfNull(files);
        name = Known(name, nameof(name));
        if (files.Count == 0) throw new ArgumentException("There is no file, expected one for each length.", nameof(files));
        return new RulerPreparedTask(name, files, style);
    }

    /// <summary>A task's name without what reports put around it; that its questions are made up only where they are.</summary>
    private static string Known(string? name, string parameter, RulerOptions? making = null)
    {
        string bare = name is not null && name.StartsWith(RulerTask.Prefix, StringComparison.Ordinal) ? name[RulerTask.Prefix.Length..] : name ?? "";
        if ((bare == "qa_1" + Generated && making is { SquadFile: null }) || (bare == "qa_2" + Generated && making is { HotpotFile: null })) bare = bare[..^Generated.Length];
        return Names.Contains(bare) ? bare : throw new ArgumentException($"There is no task \"{name}\"; expected one of {string.Join(", ", Names)}.", parameter);
    }

    private static RulerTask Create(string name, RulerOptions options, Lazy<Haystack> essays)
    {
        // Tasks that are alike must not draw alike.
        int seed = unchecked((options.Seed * 31) + Names.ToList().IndexOf(name));
        return name switch
        {
            "niah_single_1" => Task(new RulerNeedles(Haystack.Noise, "noise", true, seed)),
            "niah_single_2" => Task(new RulerNeedles(essays.Value, EssayName(), false, seed)),
            "niah_single_3" => Task(new RulerNeedles(essays.Value, EssayName(), false, seed) { ValueKind = NeedleKind.Uuids }),
            "niah_multikey_1" => Task(new RulerNeedles(essays.Value, EssayName(), false, seed) { Keys = 4 }),
            "niah_multikey_2" => Task(new RulerNeedles(Haystack.Needles, "needles", true, seed)),
            "niah_multikey_3" => Task(new RulerNeedles(Haystack.Needles, "needles", true, seed) { KeyKind = NeedleKind.Uuids, ValueKind = NeedleKind.Uuids }),
            "niah_multivalue" => Task(new RulerNeedles(essays.Value, EssayName(), false, seed) { ValuesPerKey = 4 }),
            "niah_multiquery" => Task(new RulerNeedles(essays.Value, EssayName(), false, seed) { Keys = 4, Queries = 4 }),
            "vt" => Task(new RulerVariables(seed, options.SolvedExamples)),
            "cwe" => Task(new RulerCommonWords(new RulerVocabulary(options.CommonWords), seed, options.SolvedExamples)),
            "fwe" => Task(new RulerFrequentWords(seed)),
            "qa_1" => Questions(options.SquadFile, RulerQuestionFiles.Squad, twoSteps: false),
            _ => Questions(options.HotpotFile, RulerQuestionFiles.Hotpot, twoSteps: true),
        };

        RulerTask Task(RulerGenerator generator) => new(name, generator, options);

        string EssayName() => options.Essays.Count == 0 ? "built-in sentences" : "essays";

        RulerTask Questions(string? file, Func<string, RulerFileQuestions> read, bool twoSteps) => file is null
            ? new RulerTask(name + Generated, new RulerAnswering(new RulerMadeUpQuestions(seed, twoSteps), "made-up passages", seed), options)
            : new RulerTask(name, new RulerAnswering(read(file), Path.GetFileName(file), seed), options);
    }

    private static Haystack Essays(RulerOptions options)
    {
        if (options.Essays.Count == 0) return Haystack.PlainSentences;
        List<string> essays = [];
        using RecordSource<DataRecord> source = RecordSource.FromFiles(options.Essays);
        while (source.Next() is { } record) essays.Add(record.RequireText("text"));
        if (essays.Count == 0) throw new ArgumentException($"{nameof(RulerOptions)}.{nameof(RulerOptions.Essays)}: {string.Join(", ", options.Essays)} hold no text.");
        return Haystack.FromDocuments(essays, fromRandomPlace: false);
    }
}
