using LongContext.Recipes;

namespace LongContext.Samples.Shared;

/// <summary>The last lines of a sample that ran a recipe: what the run went on from, how long it took, where things lie.</summary>
internal static class RecipeLines
{
    /// <param name="report">The recipe's.</param>
    /// <param name="elapsed">Time of the whole command.</param>
    /// <param name="leftOut">More about the packs, after their fill; empty for nothing.</param>
    /// <param name="reportFile">Where the sample's own report lies.</param>
    /// <param name="adapterFolder">What a saved adapter's folder is.</param>
    public static void Show(RecipeReport report, TimeSpan elapsed, string leftOut, string reportFile, string adapterFolder)
    {
        if (report.ResumedFrom is not null) Console.WriteLine($"Went on from {report.ResumedFrom}");
        if (report.WasFinished) Console.WriteLine("That run was finished: nothing was trained. Other settings or data need a folder of their own (--output).");
        Console.WriteLine($"Done in {elapsed.TotalSeconds:0} s. Packs were {report.Packing.FillRate:P1} full{leftOut}.");
        Console.WriteLine($"Report: {Path.GetFullPath(reportFile)}");
        Console.WriteLine($"Model:  {Path.GetFullPath(report.SavedTo!)} ({(report.SavedAdapter ? adapterFolder : "a Hugging Face folder")})");
        if (report.ChatFormatFault is { } fault) Console.WriteLine(fault);
    }
}
