using System.Text.RegularExpressions;

namespace LongContext.Checkpoints;

/// <summary>Says what is wrong with what was given for a model's folder.</summary>
internal static partial class ModelFolder
{
    /// <exception cref="DirectoryNotFoundException">It is no folder; the message says what it is instead.</exception>
    public static void Require(string folder)
    {
        if (Directory.Exists(folder)) return;
        if (File.Exists(folder))
        {
            string parent = Path.GetDirectoryName(Path.GetFullPath(folder)) ?? folder;
            throw new DirectoryNotFoundException($"'{folder}' is a file, expected the folder that it is in: '{parent}'.");
        }

        string hint = HubName().IsMatch(folder)
            ? $" If it is a model's name on Hugging Face: nothing is downloaded here, so fetch it first (hf download {folder} --local-dir FOLDER) and give that folder."
            : "";
        throw new DirectoryNotFoundException($"There is no folder '{folder}' (looked for {Path.GetFullPath(folder)}).{hint}");
    }

    /// <summary>Owner and name, as on the hub; a path with a dot or a slash at its beginning is none.</summary>
    [GeneratedRegex(@"^[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*\z", RegexOptions.CultureInvariant)]
    private static partial Regex HubName();
}
