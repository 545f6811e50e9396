using System.ComponentModel;
using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text.Json;
using LongContext.TestSupport;

namespace LongContext.Tests.Export;

/// <summary>
/// The real llama.cpp, by the prebuilt binaries of an npm package, in a process of its own. It is looked for in the folder that
/// LONGCONTEXT_LLAMA_CPP names; without that it is installed under artifacts/llama-cpp. Tests skip, with the reason, where neither works.
/// </summary>
internal static class LlamaCpp
{
    private const string Package = "node-llama-cpp";

    /// <summary>The package of binaries for this machine.</summary>
    private static readonly string Binaries =
        (OperatingSystem.IsWindows() ? "win-" : OperatingSystem.IsMacOS() ? "mac-" : "linux-")
        + (RuntimeInformation.OSArchitecture != Architecture.Arm64 ? "x64" : OperatingSystem.IsMacOS() ? "arm64-metal" : "arm64");

    private static readonly string Npm = OperatingSystem.IsWindows() ? "npm.cmd" : "npm";

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);

    private static readonly Lazy<(string Folder, string? WhyNot)> Installed = new(Install);

    /// <summary>Runs jobs in one process, one after another.</summary>
    public static IReadOnlyList<LlamaCppResult> Run(params LlamaCppJob[] jobs)
    {
        SkipUnlessThere();
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        File.WriteAllText(folder["jobs.json"], JsonSerializer.Serialize(jobs, Json));
        (int code, string output) = Start(Installed.Value.Folder, TimeSpan.FromMinutes(10), "node", "run.mjs", folder["jobs.json"], folder["results.json"]);
        Assert.True(code == 0 && File.Exists(folder["results.json"]), $"node ended with {code}: {output}");
        LlamaCppResult[] results = JsonSerializer.Deserialize<LlamaCppResult[]>(File.ReadAllText(folder["results.json"]), Json)!;
        Assert.Equal(jobs.Length, results.Length);
        return results;
    }

    public static void SkipUnlessThere()
    {
        SlowTests.SkipUnlessAsked();
        Assert.SkipWhen(Installed.Value.WhyNot is not null, $"llama.cpp is not there: {Installed.Value.WhyNot}");
    }

    private static (string Folder, string? WhyNot) Install()
    {
        if (TestPaths.RepositoryRoot is not { } root) return ("", "the tests run away from the repository, which has its script");
        string source = Path.Combine(root, "tests", "Interop", "llama-cpp");
        string? named = Environment.GetEnvironmentVariable("LONGCONTEXT_LLAMA_CPP");
        string folder = named is { Length: > 0 } ? named : Path.Combine(root, "artifacts", "llama-cpp");
        try
        {
            Directory.CreateDirectory(folder);
            foreach (string file in Directory.GetFiles(source)) File.Copy(file, Path.Combine(folder, Path.GetFileName(file)), overwrite: true);
            if (Start(folder, TimeSpan.FromMinutes(1), "node", "--version") is (not 0, var text)) return (folder, $"node does not run: {text}");
            if (Directory.Exists(Path.Combine(folder, "node_modules", "@" + Package))) return (folder, null);
            // The binaries for this machine's processor alone; those for graphics cards would be 640 MB more.
            using JsonDocument manifest = JsonDocument.Parse(File.ReadAllText(Path.Combine(folder, "package.json")));
            string? version = manifest.RootElement.GetProperty("dependencies").GetProperty(Package).GetString();
            (int code, string output) = Start(folder, TimeSpan.FromMinutes(5), Npm, "install", "--omit=optional");
            if (code == 0) (code, output) = Start(folder, TimeSpan.FromMinutes(3), Npm, "install", "--omit=optional", "--no-save", $"@{Package}/{Binaries}@{version}");
            return (folder, code == 0 ? null : $"npm install ended with {code}: {output}");
        }
        catch (Exception e) when (e is Win32Exception or IOException or UnauthorizedAccessException or TimeoutException)
        {
            return (folder, e.Message);
        }
    }

    private static (int Code, string Output) Start(string folder, TimeSpan limit, string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { WorkingDirectory = folder, RedirectStandardOutput = true, RedirectStandardError = true };
        using Process process = Process.Start(start)!;
        Task<string> output = process.StandardOutput.ReadToEndAsync(), errors = process.StandardError.ReadToEndAsync();
        if (!process.WaitForExit(limit))
        {
            process.Kill(entireProcessTree: true);
            throw new TimeoutException($"{program} {string.Join(' ', arguments)} did not end within {limit}");
        }

        string text = (output.Result + errors.Result).Trim();
        return (process.ExitCode, text.Length > 2_000 ? text[^2_000..] : text);
    }
}
