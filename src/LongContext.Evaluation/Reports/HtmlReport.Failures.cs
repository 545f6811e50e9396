namespace LongContext.Evaluation.Reports;

internal sealed partial class HtmlReport
{
    private const int ReferencesShown = 5;
    private const int LongestText = 1200;
    private const int PromptHead = 800;
    private const int PromptTail = 800;

    private void Worst()
    {
        IReadOnlyList<ItemResult> worst = view.Worst.Items();
        if (worst.Count == 0) return;
        string which = view.Worst.Imperfect > worst.Count ? $"{worst.Count} of {ReportNumbers.Count(view.Worst.Imperfect)} answers below the full score, the lowest first and from as many tasks as there are." : "All answers below the full score, the lowest first.";
        Heading("failures", "Worst answers", which + " The prompt is what the model was asked, after strategy and truncation.");
        foreach (ItemResult item in worst)
        {
            html.Write($"<article class=\"failure\">\n<h3><span class=\"score\">{ReportNumbers.Score(item.Score, true)}</span> {item.Task}: {item.Item}</h3>\n<p class=\"soft\">{string.Join(" · ", Marks(item))}</p>\n<dl>\n");
            References(item);
            html.Raw("<dt>Answered</dt>");
            Text(item.Answer);
            if (item.Judged is not null)
            {
                html.Raw("<dt>Judged by</dt>");
                Text(item.Judged);
            }

            if (item.Fault is not null)
            {
                html.Raw("<dt>Fault</dt>");
                Text(item.Fault);
            }

            html.Raw("</dl>\n");
            Prompt(item);
            html.Raw("</article>\n");
        }

        html.Raw("</section>\n");
    }

    private IEnumerable<string> Marks(ItemResult item)
    {
        yield return item.Model;
        if (hasStrategies) yield return item.Strategy;
        if (item.Group is { } group) yield return group;
        if (item.Length is { } length) yield return ReportNumbers.Length(length) + " tokens";
        if (item.Depth is { } depth) yield return "depth " + ReportNumbers.Depth(depth);
        if (item.Truncated) yield return "cut to fit";
        if (item.IsCutByLength) yield return "answer cut at its limit of tokens";
        if (item.OnlyReasoning) yield return "only thought";
    }

    private void References(ItemResult item)
    {
        if (item.References.Count == 0) return;
        html.Raw("<dt>Expected</dt>");
        foreach (string reference in item.References.Take(ReferencesShown)) Text(reference);
        if (item.References.Count > ReferencesShown) html.Write($"<dd class=\"soft\">and {item.References.Count - ReferencesShown} more</dd>");
        html.Raw("\n");
    }

    private void Text(string? text)
    {
        if (string.IsNullOrEmpty(text))
        {
            html.Write($"<dd class=\"soft\">{(text is null ? "was not asked" : "nothing")}</dd>\n");
            return;
        }

        (string head, int leftOut, string tail) = ReportText.Folded(text, LongestText / 2, LongestText / 2);
        html.Write($"<dd class=\"text\">{head}");
        if (leftOut > 0) html.Write($"<span class=\"cut\"> … {ReportNumbers.Count(leftOut)} characters left out … </span>{tail}");
        html.Raw("</dd>\n");
    }

    private void Prompt(ItemResult item)
    {
        if (item.Prompt is not { } prompt) return;
        (string head, int leftOut, string tail) = ReportText.Folded(prompt, PromptHead, PromptTail);
        // A line end that begins a pre is none of its text, which may begin with one.
        html.Write($"<details class=\"prompt\"><summary>Prompt, {ReportNumbers.Count(item.PromptCharacters ?? prompt.Length)} characters</summary>\n<pre>\n{head}</pre>\n");
        // Of a prompt that was kept without its middle, that is left out too.
        if (leftOut > 0) html.Write($"<p class=\"cut\">… {ReportNumbers.Count((item.PromptCharacters ?? prompt.Length) - head.Length - tail.Length)} characters left out …</p>\n<pre>\n{tail}</pre>\n");
        html.Raw("</details>\n");
    }

    private void NotScored()
    {
        if (view.FaultCount == 0) return;
        Heading("unscored", "Not scored", view.FaultCount > view.Faults.Count
            ? $"The first {view.Faults.Count} of {ReportNumbers.Count(view.FaultCount)} items without a score; the others are in the report's JSON lines."
            : "Items without a score. Of those that could not be made one row stands for all of a length.");
        BeginTable("Not scored", hasStrategies ? 6 : 5, "faults");
        html.Raw("<thead><tr><th scope=\"col\">What</th><th scope=\"col\">Task</th><th scope=\"col\">Item</th><th scope=\"col\">Model</th>");
        if (hasStrategies) html.Raw("<th scope=\"col\">Strategy</th>");
        html.Raw("<th scope=\"col\">Why</th></tr></thead>\n<tbody>\n");
        foreach (ItemResult item in view.Faults)
        {
            html.Write($"<tr><td>{ReportText.Status(item.Status)}</td><td class=\"name\">{item.Task}</td><td class=\"name\">{item.Item}</td><td class=\"name\">{item.Model}</td>");
            if (hasStrategies) html.Write($"<td class=\"name\">{item.Strategy}</td>");
            html.Write($"<td class=\"name\">{ReportText.Beginning(item.Fault ?? "", 400)}</td></tr>\n");
        }

        html.Raw("</tbody>");
        EndTable();
        html.Raw("</section>\n");
    }
}
