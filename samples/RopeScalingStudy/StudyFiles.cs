using System.Globalization;
using LongContext.Evaluation;

namespace LongContext.Samples.RopeScalingStudy;

/// <summary>Writes the report and says where.</summary>
internal static class StudyFiles
{
    public static void Write(EvaluationReport report, string folder, TimeSpan time, bool tuned)
    {
        Directory.CreateDirectory(folder);
        report.Write(folder);
        Console.WriteLine();
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"Done in {time.TotalSeconds:0} s. Curves, tables and single answers: {Path.Combine(folder, "report.html")}{(tuned ? "; tuned models lie beside it" : "")}."));
    }
}
