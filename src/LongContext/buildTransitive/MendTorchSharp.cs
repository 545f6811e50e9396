// An MSBuild task, compiled by the build that runs it (RoslynCodeTaskFactory): plain C# for any build host, no packages.
using System;
using System.Collections.Generic;
using System.IO;
using System.Text;
using Microsoft.Build.Framework;
using Microsoft.Build.Utilities;

namespace LongContext.Build
{
    /// <summary>
    /// Marks the symbol version GLIBCXX_3.4.32 as weak in a copy of TorchSharp's Linux library, so that the loader of a
    /// system with an older libstdc++ accepts it. ELF: the flag VER_FLG_WEAK of the version's <c>Elf64_Vernaux</c> entry in
    /// <c>.gnu.version_r</c> (System V gABI, "Version Needed Section").
    /// </summary>
    public class MendTorchSharp : Task
    {
        private const string MendedVersion = "GLIBCXX_3.4.32";
        private const string UncalledSymbol = "_ZSt21ios_base_library_initv";
        private const string SwitchOff = "Set the property LongContextMendTorchSharp to false to use the library as it is, "
            + "and see docs/design/torchsharp-on-older-linux.md of LongContext.";

        /// <summary>The library in the package cache; read only.</summary>
        [Required]
        public ITaskItem[] Library { get; set; }

        /// <summary>Where the mended copy goes. Not written (and removed, if there) when the library needs no mending.</summary>
        [Required]
        public string MendedLibrary { get; set; }

        /// <inheritdoc />
        public override bool Execute()
        {
            string path = Library[0].GetMetadata("FullPath");
            try
            {
                byte[] image = File.ReadAllBytes(path);
                if (!Mend(image))
                {
                    File.Delete(MendedLibrary);
                    Log.LogMessage(MessageImportance.Low, "LongContext: {0} does not ask for {1}; left as it is.", path, MendedVersion);
                    return true;
                }

                // Written beside and moved, so that a build cut short leaves no half file; deleted first, because the
                // output folder may hold a hard link to the last one.
                string partial = MendedLibrary + ".partial";
                File.WriteAllBytes(partial, image);
                File.Delete(MendedLibrary);
                File.Move(partial, MendedLibrary);
                Log.LogMessage(MessageImportance.Normal, "LongContext: {0} loads without {1} now (mended copy of {2}).", MendedLibrary, MendedVersion, path);
                return true;
            }
            catch (InvalidDataException e)
            {
                Log.LogError("LongContext cannot make TorchSharp's library fit for older Linux systems: {0}: {1} {2}", path, e.Message, SwitchOff);
                return false;
            }
        }

        /// <summary>Sets the flag in the image. False when the library does not ask for the version, or has the flag already.</summary>
        /// <exception cref="InvalidDataException">Not an x86-64 ELF library, or one that uses the version for something else.</exception>
        public static bool Mend(byte[] image)
        {
            if (image.Length < 64 || image[0] != 0x7F || image[1] != 'E' || image[2] != 'L' || image[3] != 'F')
                throw new InvalidDataException("it is not an ELF file.");
            if (image[4] != 2 || image[5] != 1)
                throw new InvalidDataException("it is not a 64-bit little-endian ELF file.");

            Section symbols = null, symbolVersions = null, needed = null, relocations;
            List<Section> sections = ReadSections(image);
            var relocationSections = new List<Section>();
            foreach (Section section in sections)
            {
                if (section.Type == 11) symbols = section;                     // SHT_DYNSYM
                else if (section.Type == 0x6FFFFFFF) symbolVersions = section; // SHT_GNU_versym
                else if (section.Type == 0x6FFFFFFE) needed = section;         // SHT_GNU_verneed
                else if (section.Type == 4) relocationSections.Add(section);   // SHT_RELA
            }

            if (needed == null) return false;
            if (symbols == null || symbolVersions == null)
                throw new InvalidDataException("it names needed versions but has no dynamic symbol versions.");

            Section strings = sections[(int)needed.Link];
            int entry = FindVersion(image, needed, strings);
            if (entry < 0 || (ReadUInt16(image, entry + 4) & 2) != 0) return false;

            // Weak is safe only while nothing behind the version is called: check each symbol that is bound to it.
            ushort version = (ushort)(ReadUInt16(image, entry + 6) & 0x7FFF);
            Section symbolNames = sections[(int)symbols.Link];
            var bound = new HashSet<uint>();
            for (int i = 0; i * 24L < symbols.Size; i++)
            {
                if ((ReadUInt16(image, Checked(image, symbolVersions.Offset + i * 2L, 2)) & 0x7FFF) != version) continue;
                string name = ReadString(image, symbolNames, ReadUInt32(image, Checked(image, symbols.Offset + i * 24L, 24)));
                if (name != UncalledSymbol)
                    throw new InvalidDataException("it uses " + name + " of " + MendedVersion + ", which this mend does not know; TorchSharp must have changed.");
                bound.Add((uint)i);
            }

            for (int s = 0; s < relocationSections.Count; s++)
            {
                relocations = relocationSections[s];
                for (long at = relocations.Offset; at + 24 <= relocations.Offset + relocations.Size; at += 24)
                {
                    if (bound.Contains(ReadUInt32(image, Checked(image, at + 12, 4))))
                        throw new InvalidDataException("it refers to " + UncalledSymbol + ", which was never called before; TorchSharp must have changed.");
                }
            }

            image[entry + 4] |= 2; // VER_FLG_WEAK
            return true;
        }

        /// <summary>Offset of the version's Elf64_Vernaux, or −1.</summary>
        private static int FindVersion(byte[] image, Section needed, Section strings)
        {
            int found = -1;
            long file = needed.Offset;
            for (uint i = 0; i < needed.Info; i++)
            {
                int header = Checked(image, file, 16);
                long auxiliary = file + ReadUInt32(image, header + 8);
                int count = ReadUInt16(image, header + 2);
                for (int j = 0; j < count; j++)
                {
                    int entry = Checked(image, auxiliary, 16);
                    string name = ReadString(image, strings, ReadUInt32(image, entry + 8));
                    if (name == MendedVersion) found = entry;
                    else if (IsNewer(name))
                        throw new InvalidDataException("it asks for " + name + ", newer than the " + MendedVersion + " that this mend knows; TorchSharp must have changed.");
                    auxiliary += ReadUInt32(image, entry + 12);
                }

                file += ReadUInt32(image, header + 12);
            }

            return found;
        }

        private static bool IsNewer(string name)
        {
            const string family = "GLIBCXX_3.4.";
            int release;
            return name.StartsWith(family, StringComparison.Ordinal) && int.TryParse(name.Substring(family.Length), out release) && release > 32;
        }

        private static List<Section> ReadSections(byte[] image)
        {
            long table = (long)ReadUInt64(image, 40);
            int entrySize = ReadUInt16(image, 58), count = ReadUInt16(image, 60);
            var sections = new List<Section>(count);
            for (int i = 0; i < count; i++)
            {
                int at = Checked(image, table + (long)i * entrySize, 64);
                var section = new Section();
                section.Type = ReadUInt32(image, at + 4);
                section.Offset = (long)ReadUInt64(image, at + 24);
                section.Size = (long)ReadUInt64(image, at + 32);
                section.Link = ReadUInt32(image, at + 40);
                section.Info = ReadUInt32(image, at + 44);
                if (section.Link >= count) throw new InvalidDataException("its section table is damaged.");
                sections.Add(section);
            }

            return sections;
        }

        private static string ReadString(byte[] image, Section strings, uint offset)
        {
            int start = Checked(image, strings.Offset + offset, 1), end = start;
            while (end < image.Length && image[end] != 0) end++;
            return Encoding.ASCII.GetString(image, start, end - start);
        }

        private static int Checked(byte[] image, long offset, int length)
        {
            if (offset < 0 || offset + length > image.Length) throw new InvalidDataException("it is cut short or its tables are damaged.");
            return (int)offset;
        }

        private static ushort ReadUInt16(byte[] image, int at)
        {
            return (ushort)(image[at] | image[at + 1] << 8);
        }

        private static uint ReadUInt32(byte[] image, int at)
        {
            return BitConverter.ToUInt32(image, at);
        }

        private static ulong ReadUInt64(byte[] image, int at)
        {
            return BitConverter.ToUInt64(image, at);
        }

        private sealed class Section
        {
            public uint Type;
            public long Offset;
            public long Size;
            public uint Link;
            public uint Info;
        }
    }
}
